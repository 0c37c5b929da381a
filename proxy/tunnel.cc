#include "proxy/tunnel.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/crypto.h"
#include "base/text.h"
#include "proxy/context.h"
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

Tunnel::Tunnel(Context& context, TunnelParts parts)
    : context_(context),
      client_(std::move(parts.client)),
      backend_(std::move(parts.backend)),
      last_activity_(context.loop.now()),
      id_(parts.id),
      backend_id_(parts.backend_id),
      deadline_(*this),
      opened_(last_activity_),
      client_address_(std::move(parts.client_address)),
      backend_use_(std::move(parts.backend_use)),
      pin_use_(std::move(parts.pin_use)),
      seat_(std::move(parts.seat)) {
  from_backend_.out = std::move(parts.to_client);
  client_->set_events(this);
  backend_->set_events(this);
  context_.counters.add(Counter::SessionsOpened);
  update_watches();
  arm_idle();
}

Tunnel::~Tunnel() {
  from_client_.out.drop(context_.loop.chunks());
  from_backend_.out.drop(context_.loop.chunks());
}

void Tunnel::pass_early(std::string_view from_client, std::string_view from_backend) {
  if (!from_backend.empty() && !pass(from_backend_, *client_, bytes_of(from_backend))) {
    return;
  }
  if (!from_client.empty() && !pass(from_client_, *backend_, bytes_of(from_client))) {
    return;
  }
  if (flush_deferred()) {
    update_watches();
  }
}

void Tunnel::on_readable(net::Stream& stream) {
  if (!flush_deferred()) {
    return;
  }
  if (&stream == client_.get()) {
    pump(from_client_, *client_, *backend_);
  } else {
    pump(from_backend_, *backend_, *client_);
  }
}

// The hot path: one recv, the frame headers, one send.
void Tunnel::pump(Relay& relay, net::Stream& from, net::Stream& to) {
  if (ending_ != CloseReason::None) {
    discard(relay, from);
    return;
  }
  const auto scratch = context_.loop.scratch();
  const bool begins_frame = relay.scanner.between_frames();
  __builtin_prefetch(&to);
  const net::IoResult result = from.read(scratch);
  switch (result.status) {
    case net::IoStatus::Done:
      if (!relay.fin_passed_on) {  // who talks on behind the end keeps nothing alive
        last_activity_ = context_.loop.now();
      }
      if (result.bytes > net::Outbox::kShort) {
        context_.loop.flush_batch();  // what is short does not wait for what is long
      } else if (begins_frame) {
        context_.loop.note_short_message();
      }
      if (pass(relay, to, scratch.first(result.bytes)) && !relay.out.empty() && !relay.out.is_deferred()) {
        update_watches();
      }
      return;
    case net::IoStatus::WouldBlock:
      return;
    case net::IoStatus::End:
      on_source_end(relay, to);
      return;
    case net::IoStatus::Broken:
      end_by_reset(from);
      return;
  }
}

bool Tunnel::pass(Relay& relay, net::Stream& to, std::span<const std::uint8_t> bytes) {
  relay.scanner.observe(bytes);
  relay.bytes += bytes.size();
  const bool closes = relay.scanner.close_seen();
  if (closes) {
    note_initiator(relay);
  }
  if (relay.fin_passed_on) {
    return true;  // nothing may follow a Close (RFC 6455 5.5.1)
  }
  const bool is_last = closes && is_last_word(relay);
  const net::IoResult sent = is_last  ? relay.out.send_last(to, bytes)
                             : closes ? relay.out.send(to, bytes)
                                      : relay.out.send_soon(to, bytes, *this);
  if (net::is_out_of_chunks(sent)) {
    end_short_of_memory();
    return false;
  }
  if (sent.status == net::IoStatus::Broken) {
    end_by_reset(to);
    return false;
  }
  if (is_last && relay.out.empty()) {
    relay.fin_passed_on = true;
    arm_idle();
  }
  return true;
}

// The client has said Close and so has the backend now: for the client this ends the connection, which the
// server side closes first (RFC 6455 7.1.1). The backend is a server too, and is left to close its own.
bool Tunnel::is_last_word(const Relay& relay) const noexcept {
  return &relay == &from_backend_ && relay.out.empty() && from_client_.out.empty() &&
         from_backend_.scanner.has_ended() && from_client_.scanner.has_ended();
}

void Tunnel::note_initiator(const Relay& relay) noexcept {
  if (initiator_ == CloseReason::None) {
    initiator_ = &relay == &from_client_ ? CloseReason::ClientClosed : CloseReason::BackendClosed;
  }
}

void Tunnel::on_source_end(Relay& relay, net::Stream& to) {
  relay.source_ended = true;
  note_initiator(relay);
  if (is_closed_both_ways()) {
    finish(initiator_);  // nothing may follow a Close: there is no other direction to wait for
    return;
  }
  last_activity_ = context_.loop.now();
  if (!pass_on_fin(relay, to)) {
    return;
  }
  arm_idle();
  update_watches();
}

bool Tunnel::pass_on_fin(Relay& relay, net::Stream& to) {
  if (relay.source_ended && relay.out.empty() && !relay.fin_passed_on) {
    to.shutdown_write();
    relay.fin_passed_on = true;
  }
  if (from_client_.fin_passed_on && from_backend_.fin_passed_on) {
    finish(initiator_);
    return false;
  }
  return true;
}

void Tunnel::on_writable(net::Stream& stream) {
  if (!flush_deferred()) {
    return;
  }
  if (flush(&stream == client_.get() ? from_backend_ : from_client_, stream)) {
    update_watches();
  }
}

bool Tunnel::flush(Relay& relay, net::Stream& to) {
  const net::IoResult result = relay.out.flush(to);
  if (result.status == net::IoStatus::Broken) {
    end_by_reset(to);
    return false;
  }
  last_activity_ = context_.loop.now();
  return result.status != net::IoStatus::Done || pass_on_fin(relay, to);
}

// Before anything else happens to the tunnel, so that nothing else has to know that something was deferred.
bool Tunnel::flush_deferred() {
  for (Relay* const relay : {&from_client_, &from_backend_}) {
    if (!relay->out.is_deferred()) {
      continue;
    }
    if (!flush(*relay, relay == &from_client_ ? *backend_ : *client_)) {
      return false;
    }
    if (!relay->out.empty()) {
      update_watches();
    }
  }
  return true;
}

void Tunnel::on_batch_end() {
  if (client_ != nullptr) {
    flush_deferred();
  }
}

void Tunnel::on_broken(net::Stream& stream) {
  if (flush_deferred()) {
    end_by_reset(stream);
  }
}

void Tunnel::update_watches() noexcept {
  client_->watch(from_client_.wants_source(), !from_backend_.out.empty());
  backend_->watch(from_backend_.wants_source(), !from_client_.out.empty());
}

// Both ends have said Close and everything has been passed on.
bool Tunnel::is_closed_both_ways() const noexcept {
  return from_client_.scanner.close_seen() && from_backend_.scanner.close_seen() &&
         from_client_.out.empty() && from_backend_.out.empty();
}

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
