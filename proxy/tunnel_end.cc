// How a tunnel ends: idle, reset, closed by its ends, or cut. How limpet ends it in good order is
// tunnel_farewell.cc.

#include <algorithm>

#include "proxy/context.h"
#include "proxy/tunnel.h"

namespace limpet::proxy {

namespace {

// How long one direction may stay silent after the other has ended.
constexpr Duration kHalfClosedIdle = std::chrono::seconds(30);
// An idle session is hardly in the middle of a frame, and whoever has not read for timeouts.idle will not
// now.
constexpr Duration kIdleGrace = std::chrono::seconds(2);

// Without the port, as the lines of requests tell it.
std::string address_text(const SocketAddress& client) {
  return client.is_unix() ? client.to_string() : client.ip().to_string();
}

}  // namespace

bool Tunnel::is_half_closed() const noexcept {
  return from_client_.source_ended || from_backend_.source_ended || from_backend_.fin_passed_on;
}

bool Tunnel::is_closing() const noexcept {
  return from_client_.scanner.close_seen() || from_backend_.scanner.close_seen();
}

Duration Tunnel::idle_bound() const noexcept {
  const Duration limit = context_.snapshot->timeouts.idle;
  return is_half_closed() ? std::min(limit, kHalfClosedIdle) : limit;
}

void Tunnel::arm_idle() {
  context_.loop.deadlines().arm(deadline_, std::min(last_activity() + idle_bound(), cut_at_));
}

void Tunnel::on_idle_timeout_changed() {
  if (ending_ == CloseReason::None && client_ != nullptr) {
    arm_idle();
  }
}

void Tunnel::on_deadline() {
  if (ending_ != CloseReason::None) {
    on_farewell_deadline();
    return;
  }
  if (context_.loop.now() >= cut_at_) {
    finish(initiator_, Manner::Cut);  // its ends did not come to the end of what they had begun
    return;
  }
  if (context_.loop.now() - last_activity() < idle_bound()) {
    arm_idle();  // messages only note the time; the deadline catches up here
    return;
  }
  if (is_half_closed() || is_closing()) {
    finish(initiator_);
  } else {
    send_away(CloseReason::IdleTimeout, kIdleGrace);
  }
}

void Tunnel::cut(CloseReason cause) {
  if (client_ != nullptr) {
    const CloseReason own = is_closing() ? initiator_ : cause;
    finish(ending_ == CloseReason::None ? own : ending_,
           parting_ == Parting::Lingering ? Manner::InOrder : Manner::Cut);
  }
}

// A reset is passed on as a reset, unless the session had begun to close in good order.
void Tunnel::end_by_reset(const net::Stream& broken) {
  const bool by_client = &broken == client_.get();
  if (ending_ != CloseReason::None) {
    lose(by_client ? *client_ : *backend_);
    return;
  }
  if (initiator_ != CloseReason::None && from_client_.scanner.close_seen() &&
      from_backend_.scanner.close_seen()) {
    finish(initiator_);
    return;
  }
  (by_client ? *backend_ : *client_).reset_on_close();
  if (broken.was_lost()) {
    finish(by_client ? CloseReason::ClientLost : CloseReason::BackendLost);
  } else {
    finish(by_client ? CloseReason::ClientReset : CloseReason::BackendReset);
  }
}

// As by a reset, which tells the end that is there; the other one may come back to life and is told then.
void Tunnel::end_lost(CloseReason reason) {
  client_->reset_on_close();
  backend_->reset_on_close();
  finish(reason);
}

// Bytes are lost: both sides must see that the stream is not whole.
void Tunnel::end_short_of_memory() {
  client_->reset_on_close();
  backend_->reset_on_close();
  finish(CloseReason::InternalError);
}

void Tunnel::finish(CloseReason reason, Manner manner) {
  deadline_.disarm();
  drop_waiting();
  context_.counters.add(Counter::SessionsEnded);
  context_.counters.add_end(reason);
  const FirstClose close = first_close(reason);
  count_end(reason, close);
  if (manner == Manner::Cut) {
    context_.counters.add(Counter::CutShort);
    if (backends::BackendState* const state = backend_use_.state()) {
      state->cut_short.fetch_add(1, std::memory_order_relaxed);
    }
  }
  log_end(reason, manner, close);
  client_.reset();
  backend_.reset();
  backend_use_.end();
  pin_use_.end(was_sent_away_ ? affinity::Ending::SentAway : affinity::Ending::Usual);
  seat_.end();
  context_.departures.note_ended(backend_id_, is_leaving());
  context_.shared.connections.fetch_sub(1, std::memory_order_relaxed);
  context_.loop.bury(context_.sessions.remove(*this));
  context_.owner.on_session_gone();
}

void Tunnel::count_end(CloseReason reason, const FirstClose& close) {
  backends::Traffic& traffic = backend_use_.state()->traffic.made(context_.number);
  traffic.ended[static_cast<std::size_t>(reason)].add();
  context_.pools.of(traffic.pool).closes.note(close.by, close.code);
  if (!pin_use_.key_text().empty()) {
    context_.shared.recent_ends.note_end(pin_use_.key_hash(), context_.loop.now());
  }
}

Tunnel::FirstClose Tunnel::first_close(CloseReason reason) const noexcept {
  if (ending_ != CloseReason::None) {
    const bool was_said = from_client_.farewell == Farewell::Said || from_backend_.farewell == Farewell::Said;
    return {Side::Self, was_said ? own_close_code() : websocket::kNoClose};
  }
  if (initiator_ == CloseReason::None) {
    return {describe(reason).side, websocket::kNoClose};
  }
  const bool by_client = initiator_ == CloseReason::ClientClosed;
  const websocket::FrameScanner& scanner = (by_client ? from_client_ : from_backend_).scanner;
  const std::uint16_t coded = scanner.close_code() != 0 ? scanner.close_code() : websocket::kNoCode;
  return {by_client ? Side::Client : Side::Backend, scanner.close_seen() ? coded : websocket::kNoClose};
}

SessionView Tunnel::view() const {
  const bool is_port_known = client_address_.is_unix() || client_address_.port() != 0;
  return SessionView{
      .id = id_,
      .key = pin_use_.key_text(),
      .backend = backend_id_,
      .client = is_port_known ? client_address_.to_string() : client_address_.ip().to_string(),
      .request_id = request_id_.text(),
      .opened = opened_,
      .last_activity = last_activity(),
      .messages_from_client = from_client_.scanner.messages(),
      .messages_from_backend = from_backend_.scanner.messages(),
      .bytes_from_client = from_client_.bytes,
      .bytes_from_backend = from_backend_.bytes,
      .queued_bytes = from_client_.out.pending_bytes() + from_backend_.out.pending_bytes() +
                      (waiting_ != nullptr ? waiting_->bytes : 0),
  };
}

void Tunnel::log_end(CloseReason reason, Manner manner, const FirstClose& close) const {
  if (!context_.snapshot->access_log || !context_.shared.log.enabled(LogLevel::Info)) {
    return;
  }
  const SessionView session = view();
  const auto* const pool = context_.snapshot->pool_of(backend_id_);
  const auto* const backend = pool == nullptr ? nullptr : pool->backends.by_id(backend_id_);
  const Duration age = context_.loop.now() - opened_;
  // Said only of a session that was cut: the line of every other one is as short as it can be.
  const auto write = [&](const auto&... more) {
    context_.shared.log.info("session_end", {{"session", session.id},
                                             {"request_id", session.request_id},
                                             {"reason", describe(reason).word},
                                             {"by", word(describe(reason).side)},
                                             {"closed_by", word(close.by)},
                                             {"close_code", close.code},
                                             {"pool", pool == nullptr ? "" : pool->name},
                                             {"backend", backend == nullptr ? "" : backend->spec.name},
                                             {"client", address_text(client_address_)},
                                             {"key", pin_use_.logged_key()},
                                             {"affinity", affinity::word(pin_reason_)},
                                             {"messages_from_client", session.messages_from_client},
                                             {"messages_from_backend", session.messages_from_backend},
                                             {"bytes_from_client", session.bytes_from_client},
                                             {"bytes_from_backend", session.bytes_from_backend},
                                             {"duration_s", static_cast<double>(age.count()) / 1000.0},
                                             more...});
  };
  if (manner == Manner::Cut) {
    write(LogField("cut", true));
  } else {
    write();
  }
}

}  // namespace limpet::proxy
