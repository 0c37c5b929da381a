// How an Exchange comes to terms with other nodes about its client's pin: before it connects, for a key that
// it does not know them to agree on; before it sends, for one that it is about to move. All that together
// takes PinDesk::patience() at most; then it goes on alone.

#include <utility>

#include "proxy/client_connection.h"
#include "proxy/exchange.h"

namespace limpet::proxy {

bool Exchange::moves_pin() const noexcept {
  return decision_.pin_seen != 0 && decision_.pin_seen != decision_.backend->id;
}

bool Exchange::may_ask() const noexcept {
  const sharing::PinDesk* const desk = context_.shared.desk;
  const bool has_time = !asks_until_ || context_.loop.now() < *asks_until_;
  return desk != nullptr && identity_.key && has_time && desk->is_open();
}

bool Exchange::ask_for_pin(const affinity::PoolView& pool) {
  if (!may_ask() || (decision_.pin_agreed && !moves_pin())) {
    return false;
  }
  sharing::PinDesk& desk = *context_.shared.desk;
  sharing::PinQuestion question{.pool = pool_,
                                .key = *identity_.key,
                                .proposed = {.backend = decision_.backend->id,
                                             .reason = decision_.reason,
                                             .by_hand = decision_.by_hand},
                                .instead_of = moves_pin() ? decision_.pin_seen : 0,
                                .ttl = pool.rule.ttl};
  if (identity_.key_is_new && !moves_pin()) {
    desk.ask(std::move(question));  // made up a moment ago: nobody else can have it
    return false;
  }
  const Instant now = context_.loop.now();
  asks_until_ = asks_until_.value_or(now + desk.patience());
  proposed_ = decision_.was_pinned ? 0 : decision_.backend->id;
  question.question = pin_wait_.begin(context_.pin_waits, *this);
  question.asker = context_.pin_asker;
  desk.ask(std::move(question));
  client_.arm(*asks_until_ - now);
  return true;
}

void Exchange::on_pin_answer(bool is_settled) {
  pin_wait_.end();
  if (!is_settled) {
    asks_until_ = context_.loop.now();
  }
  if (backend_ == nullptr) {
    pin_.end();
    attempt();
  } else if (is_settled && !is_pinned_as_decided()) {
    // Another node has moved the client meanwhile; nothing was sent yet, so follow it.
    release();
    attempt();
  } else {
    send_request();
  }
}

bool Exchange::is_pinned_as_decided() const {
  const auto pin = context_.shared.pins.find(pool_, *identity_.key, context_.loop.now());
  return !pin || pin->backend == backend_id_;
}

}  // namespace limpet::proxy
