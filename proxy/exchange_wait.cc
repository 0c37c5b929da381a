// What an Exchange waits for, how long, and what comes then.

#include <algorithm>
#include <span>

#include "backends/eligibility.h"
#include "proxy/client_connection.h"
#include "proxy/exchange.h"

namespace limpet::proxy {

bool Exchange::progressed_within(Duration bound) const {
  return context_.loop.now() - pace_.last_progress() < bound;
}

void Exchange::on_deadline() {
  if (pin_wait_.is_under_way()) {
    on_pin_answer(false);
    return;
  }
  if (!connected_) {
    on_attempt_failed(CloseReason::ConnectTimeout, "no answer to the connect");
    return;
  }
  const Wait wait = wait_under_way();
  const Instant now = context_.loop.now();
  if (now < wait.since + wait.bound) {
    client_.arm(wait.since + wait.bound - now);
    return;
  }
  if (wait.goes_on) {
    on_attempt_failed(wait.reason, "no answer to the handshake");
    return;
  }
  fail(wait.reason);
}

// Whoever belongs to a backend waits longer for it: a pause there must not move pins.
std::optional<Duration> Exchange::handshake_bound() const {
  if (accept_.empty() || !may_repeat() || !could_go_elsewhere()) {
    return std::nullopt;
  }
  const auto& timeouts = context_.snapshot->timeouts;
  const Duration longest = std::min(timeouts.handshake, timeouts.response);
  return decision_.was_pinned && backend_id_ != proposed_ ? longest
                                                          : context_.handshakes.bound(pool_, longest);
}

bool Exchange::could_go_elsewhere() const noexcept {
  const std::uint32_t next = tries_ + 1U;
  const auto* const pool = context_.snapshot->pool(pool_);
  if (pool == nullptr || pool->rule.strict || next > context_.snapshot->retries || next == kMostTries) {
    return false;
  }
  const std::span tried(tried_.data(), tries_);
  return std::ranges::any_of(pool->backends.all(), [&](const backends::Backend& other) {
    return other.id != backend_id_ && std::ranges::find(tried, other.id) == tried.end() &&
           backends::is_eligible(other, backends::Visitor::New);
  });
}

Exchange::Wait Exchange::wait_under_way() const {
  const auto& timeouts = context_.snapshot->timeouts;
  if (status_ == 0 && request_is_complete()) {
    const std::optional<Duration> bound = handshake_bound();
    return {request_done_, bound.value_or(timeouts.response), CloseReason::ResponseTimeout,
            bound.has_value()};
  }
  const bool backend_takes_nothing = status_ == 0 && !to_backend_.empty();
  return {pace_.last_progress(), timeouts.body,
          backend_takes_nothing ? CloseReason::ResponseTimeout : CloseReason::BodyTimeout, false};
}

}  // namespace limpet::proxy
