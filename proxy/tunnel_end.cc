// How a tunnel ends: idle, told to leave, reset, or closed by its ends.

#include <algorithm>
#include <array>
#include <string>

#include "base/crypto.h"
#include "base/text.h"
#include "proxy/context.h"
#include "proxy/tunnel.h"
#include "websocket/frame_codec.h"

namespace limpet::proxy {

namespace {

// How long one direction may stay silent after the other has ended.
constexpr Duration kHalfClosedIdle = std::chrono::seconds(30);
// How long the answer to our Close is awaited.
constexpr Duration kEndingWait = std::chrono::seconds(2);

constexpr std::uint16_t kGoingAway = 1001;       // RFC 6455 7.4.1
constexpr std::uint16_t kServiceRestart = 1012;  // the registry of RFC 6455 11.7

}  // namespace

bool Tunnel::is_half_closed() const noexcept {
  return from_client_.source_ended || from_backend_.source_ended || from_backend_.fin_passed_on;
}

Duration Tunnel::idle_bound() const noexcept {
  const Duration limit = context_.snapshot->timeouts.idle;
  return is_half_closed() ? std::min(limit, kHalfClosedIdle) : limit;
}

void Tunnel::arm_idle() {
  context_.loop.deadlines().arm(deadline_, last_activity_ + idle_bound());
}

void Tunnel::on_deadline() {
  if (ending_ != CloseReason::None) {
    finish(ending_);
    return;
  }
  if (context_.loop.now() - last_activity_ < idle_bound()) {
    arm_idle();  // messages only note the time; the deadline catches up here
    return;
  }
  if (is_half_closed()) {
    finish(initiator_);
  } else {
    leave(kGoingAway, "idle timeout", CloseReason::IdleTimeout);
  }
}

void Tunnel::leave(std::uint16_t code, std::string_view text, CloseReason reason) {
  if (ending_ != CloseReason::None || client_ == nullptr || !flush_deferred()) {
    return;
  }
  ending_ = reason;
  std::string frame;
  websocket::append_close(frame, code, text);
  send_close(from_backend_, *client_, frame);
  std::array<std::uint8_t, 4> mask{};
  crypto::random_bytes(mask);
  frame.clear();
  websocket::append_close(frame, code, text, mask);
  send_close(from_client_, *backend_, frame);
  client_->watch(!from_client_.source_ended, false);
  backend_->watch(!from_backend_.source_ended, false);
  context_.loop.deadlines().arm(deadline_, context_.loop.now() + kEndingWait);
}

void Tunnel::leave_for_restart() {
  leave(kServiceRestart, "service restart", CloseReason::Shutdown);
}

// What is kept for a peer that does not read is given up: a frame of ours may not overtake it.
void Tunnel::send_close(Relay& relay, net::Stream& to, std::string_view frame) {
  if (relay.takes_control_frame()) {
    // A frame of some ten bytes that does not fit a socket buffer reaches nobody; the FIN tells the peer all
    // the same.
    static_cast<void>(to.write(bytes_of(frame)));
  }
  relay.out.drop(context_.loop.chunks());
  to.shutdown_write();
}

// After a Close of ours nothing is passed on any more (RFC 6455 5.5.1).
void Tunnel::discard(Relay& relay, net::Stream& from) {
  const net::IoResult result = from.read(context_.loop.scratch());
  if (result.status == net::IoStatus::Broken) {
    finish(ending_);
    return;
  }
  if (result.status == net::IoStatus::End) {
    relay.source_ended = true;
    from.watch(false, false);
  }
  if (from_client_.source_ended && from_backend_.source_ended) {
    finish(ending_);
  }
}

void Tunnel::cut(CloseReason reason) {
  if (client_ != nullptr) {
    finish(reason);
  }
}

// A reset is passed on as a reset, unless the session had begun to close in good order.
void Tunnel::end_by_reset(const net::Stream& broken) {
  if (ending_ != CloseReason::None) {
    finish(ending_);
    return;
  }
  const bool by_client = &broken == client_.get();
  if (initiator_ != CloseReason::None && from_client_.scanner.close_seen() &&
      from_backend_.scanner.close_seen()) {
    finish(initiator_);
    return;
  }
  (by_client ? *backend_ : *client_).reset_on_close();
  finish(by_client ? CloseReason::ClientReset : CloseReason::BackendReset);
}

// Bytes are lost: both sides must see that the stream is not whole.
void Tunnel::end_short_of_memory() {
  client_->reset_on_close();
  backend_->reset_on_close();
  finish(CloseReason::InternalError);
}

void Tunnel::finish(CloseReason reason) {
  deadline_.disarm();
  context_.counters.add(Counter::SessionsEnded);
  context_.counters.add_end(reason);
  log_end(reason);
  client_.reset();
  backend_.reset();
  backend_use_.end();
  pin_use_.end();
  seat_.end();
  context_.shared.connections.fetch_sub(1, std::memory_order_relaxed);
  context_.loop.bury(context_.sessions.remove(*this));
  context_.owner.on_session_gone();
}

SessionView Tunnel::view() const {
  return SessionView{
      .id = id_,
      .key = pin_use_.key_text(),
      .backend = backend_id_,
      .client = client_address_.to_string(),
      .opened = opened_,
      .last_activity = last_activity_,
      .messages_from_client = from_client_.scanner.messages(),
      .messages_from_backend = from_backend_.scanner.messages(),
      .bytes_from_client = from_client_.bytes,
      .bytes_from_backend = from_backend_.bytes,
  };
}

void Tunnel::log_end(CloseReason reason) const {
  if (!context_.snapshot->access_log || !context_.shared.log.enabled(LogLevel::Info)) {
    return;
  }
  const SessionView session = view();
  const Duration age = context_.loop.now() - opened_;
  context_.shared.log.info("session_end", {{"session", session.id},
                                           {"reason", describe(reason).word},
                                           {"by", word(describe(reason).side)},
                                           {"client", session.client},
                                           {"key", session.key},
                                           {"messages_from_client", session.messages_from_client},
                                           {"messages_from_backend", session.messages_from_backend},
                                           {"bytes_from_client", session.bytes_from_client},
                                           {"bytes_from_backend", session.bytes_from_backend},
                                           {"duration_s", static_cast<double>(age.count()) / 1000.0}});
}

}  // namespace limpet::proxy
