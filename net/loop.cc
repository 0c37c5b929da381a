#include "net/loop.h"

namespace limpet::net {

Loop::Loop(Instant now)
    : scratch_(std::make_unique_for_overwrite<std::uint8_t[]>(kScratchBytes)), deadlines_(now) {}

Loop::~Loop() = default;

void Loop::flush_batch() {
  // Telling one may add to it; nobody reads here, so nobody comes back here.
  for (std::size_t i = 0; i < at_batch_end_.size(); ++i) {
    at_batch_end_[i]->on_batch_end();
  }
  at_batch_end_.clear();
}

void Loop::free_buried() {
  // Freeing one may bury another.
  while (!buried_.empty()) {
    std::vector<std::unique_ptr<Disposable>> now;
    now.swap(buried_);
  }
}

}  // namespace limpet::net
