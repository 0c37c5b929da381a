// Bytes of a Redis, anything: the same replies however they are cut, within the bounds, and an error stays.
#include <algorithm>
#include <vector>

#include "sharing/redis_fault.h"
#include "sharing/resp_reader.h"
#include "tests/fuzz/pieces.h"

using namespace limpet;
using limpet::fuzz::claim;
using sharing::Reply;
using sharing::RespReader;

namespace {

struct Sizes {
  std::size_t elements = 0;
  std::size_t depth = 0;
};

Sizes measure(const Reply& reply) {
  Sizes all;
  for (const Reply& element : reply.elements) {
    const Sizes inner = measure(element);
    all.elements += 1 + inner.elements;
    all.depth = std::max(all.depth, inner.depth);
  }
  all.depth += reply.kind == Reply::Kind::Array ? 1 : 0;
  return all;
}

struct Outcome {
  std::vector<Reply> replies;
  bool failed = false;
};

void take(RespReader& reader, Outcome& outcome) {
  while (!outcome.failed) {
    auto next = reader.next();
    if (!next.ok()) {
      claim(!next.error().detail.empty(), "an error says why");
      claim(!reader.next().ok(), "an error stays");
      outcome.failed = true;
    } else if (!next->has_value()) {
      return;
    } else {
      const Sizes sizes = measure(**next);
      claim(sizes.elements <= RespReader::kMostElements, "elements are bounded");
      claim(sizes.depth <= RespReader::kMostDepth, "nesting is bounded");
      static_cast<void>(sharing::known_error(**next));
      outcome.replies.push_back(std::move(**next));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::as_text(data, size);
  const std::uint8_t seed = fuzz::take_byte(input);
  fuzz::Pieces pieces(input, seed);
  Outcome cut;
  RespReader reader;
  while (!pieces.empty() && !cut.failed) {
    reader.feed(pieces.next());
    take(reader, cut);
  }
  Outcome whole;
  RespReader at_once;
  at_once.feed(input);
  take(at_once, whole);
  claim(cut.failed == whole.failed, "an error does not depend on how the bytes are cut");
  claim(cut.replies == whole.replies, "nor do the replies");
  return 0;
}
