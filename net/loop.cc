#include "net/loop.h"

#include <algorithm>

#include "net/tls_engine.h"

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

void Loop::forget_turn_end(const TurnEnd& who) noexcept {
  std::ranges::replace(at_turn_end_, &who, nullptr);
  std::ranges::replace(told_turn_end_, &who, nullptr);
}

bool Loop::tell_turn_end() {
  if (at_turn_end_.empty()) {
    return false;
  }
  told_turn_end_.swap(at_turn_end_);
  for (std::size_t i = 0; i < told_turn_end_.size(); ++i) {
    if (TurnEnd* const who = told_turn_end_[i]) {
      who->on_turn_end();
    }
  }
  told_turn_end_.clear();
  return true;
}

TlsEngine& Loop::tls() {
  if (tls_ == nullptr) {
    tls_ = std::make_unique<TlsEngine>(*this);
  }
  return *tls_;
}

void Loop::free_buried() {
  // Freeing one may bury another.
  while (!buried_.empty()) {
    std::vector<std::unique_ptr<Disposable>> now;
    now.swap(buried_);
  }
}

}  // namespace limpet::net
