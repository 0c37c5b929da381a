// The part of RedisLink's core that time drives: late answers, silence, pings.
#include <algorithm>
#include <utility>

#include "sharing/link_core.h"

namespace limpet::sharing {

void RedisLink::Core::on_deadline() {
  if (state_ == State::Resting) {
    dial();
    return;
  }
  tell_late();
  if (state_ != State::Up) {
    return;
  }
  if (was_silent()) {
    lose({RedisFault::Timeout, "nothing was heard for " + std::to_string(options_.silence.count()) + "ms"});
    return;
  }
  if (queue_.empty() && net_.loop.now() >= connection_->last_heard() + options_.ping_every) {
    ping();
  }
  arm();
}

void RedisLink::Core::tell_late() {
  const RedisAnswer answer = Error{ErrorCode::Timeout, Side::Backend,
                                   "no answer within " + std::to_string(options_.timeout.count()) + "ms"};
  while (state_ == State::Up) {
    const auto late = queue_.take_late(net_.loop.now());
    if (!late) {
      return;
    }
    if (*late != nullptr) {
      ++counts_.late;
      (*late)(answer);
    }
  }
}

Instant RedisLink::Core::silent_at() const noexcept {
  const Instant oldest_sent = queue_.oldest_due() - options_.timeout;
  return std::max(oldest_sent, connection_->last_heard()) + options_.silence;
}

bool RedisLink::Core::was_silent() const noexcept {
  return !queue_.empty() && net_.loop.now() >= silent_at();
}

void RedisLink::Core::ping() {
  constexpr std::string_view kPing = "PING";
  connection_->send(std::span(&kPing, 1));
  queue_.push(nullptr, net_.loop.now() + options_.timeout);
}

void RedisLink::Core::arm() {
  Instant next = queue_.empty() ? connection_->last_heard() + options_.ping_every : silent_at();
  if (queue_.has_due()) {
    next = std::min(next, queue_.due());
  }
  net_.loop.deadlines().arm(deadline_, next);
}

}  // namespace limpet::sharing
