#include "net/loop.h"

namespace limpet::net {

Loop::Loop(Instant now)
    : scratch_(std::make_unique_for_overwrite<std::uint8_t[]>(kScratchBytes)), deadlines_(now) {}

Loop::~Loop() = default;

void Loop::free_buried() {
  // Freeing one may bury another.
  while (!buried_.empty()) {
    std::vector<std::unique_ptr<Disposable>> now;
    now.swap(buried_);
  }
}

}  // namespace limpet::net
