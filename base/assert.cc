#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace limpet {

void assertion_failed(const char* condition, const char* rule, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: invariant broken: %s (%s)\n", file, line, rule, condition);
  std::abort();
}

}  // namespace limpet
