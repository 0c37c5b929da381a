// How a tunnel relays; how it ends is tunnel_end.cc.

#include "proxy/tunnel.h"

#include <utility>

#include "base/text.h"
#include "proxy/context.h"

namespace limpet::proxy {

Tunnel::Tunnel(Context& context, TunnelParts parts)
    : context_(context),
      client_(std::move(parts.client)),
      backend_(std::move(parts.backend)),
      pin_reason_(parts.pin_reason),
      from_client_(parts.backend_use.state()->traffic.made(context.number).from_client),
      from_backend_(parts.backend_use.state()->traffic.made(context.number).from_backend),
      id_(parts.id),
      backend_id_(parts.backend_id),
      route_(parts.route),
      deadline_(*this),
      opened_(context.loop.now()),
      client_address_(std::move(parts.client_address)),
      backend_use_(std::move(parts.backend_use)),
      pin_use_(std::move(parts.pin_use)),
      seat_(std::move(parts.seat)),
      request_id_(std::move(parts.request_id)) {
  from_client_.active = opened_;
  from_backend_.active = opened_;
  from_backend_.out = std::move(parts.to_client);
  client_->set_events(this);
  backend_->set_events(this);
  context_.counters.add(Counter::SessionsOpened);
  backend_use_.state()->traffic.made(context.number).opened.add();
  context_.departures.note_opened(backend_id_);
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
    pump_farewell(relay, from, to);
    return;
  }
  const auto scratch = context_.loop.scratch();
  const bool begins_frame = relay.scanner.between_frames();
  __builtin_prefetch(&to);
  const net::IoResult result = from.read(scratch);
  switch (result.status) {
    case net::IoStatus::Done:
      if (!relay.fin_passed_on) {  // who talks on behind the end keeps nothing alive
        relay.active = context_.loop.now();
      }
      context_.loop.make_way_for(result.bytes);
      if (begins_frame && result.bytes <= net::Loop::kShortBytes) {
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
      // Behind a Close nothing is missing, whatever TLS has not said.
      if (result.error == net::kEndUnsaid && relay.scanner.close_seen()) {
        on_source_end(relay, to);
      } else {
        end_by_reset(from);
      }
      return;
  }
}

bool Tunnel::pass(Relay& relay, net::Stream& to, std::span<const std::uint8_t> bytes) {
  if (waiting_ != nullptr && &relay == &from_backend_) {
    return pass_publishing(bytes);
  }
  relay.observe(bytes);
  return pass_on(relay, to, bytes);
}

bool Tunnel::pass_on(Relay& relay, net::Stream& to, std::span<const std::uint8_t> bytes) {
  relay.note(bytes);
  const bool closes = relay.scanner.close_seen();
  if (closes) {
    note_initiator(relay);
  }
  if (relay.fin_passed_on) {
    return true;  // nothing may follow a Close (RFC 6455 5.5.1)
  }
  if (!closes) {
    return note_sent(relay.out.send_soon(to, bytes, *this), to);
  }
  const bool is_last = is_last_word(relay);
  if (!note_sent(is_last ? relay.out.send_last(to, bytes) : relay.out.send(to, bytes), to)) {
    return false;
  }
  if (is_last && relay.out.empty()) {
    relay.fin_passed_on = true;
    arm_idle();
  }
  return true;
}

bool Tunnel::note_sent(const net::IoResult& sent, const net::Stream& to) {
  if (net::is_out_of_chunks(sent)) {
    end_short_of_memory();
    return false;
  }
  if (sent.status == net::IoStatus::Broken) {
    end_by_reset(to);
    return false;
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
  if (&relay == &from_backend_) {
    drop_waiting();  // the message under way has no end
  }
  note_initiator(relay);
  if (is_closed_both_ways()) {
    finish(initiator_);  // nothing may follow a Close: there is no other direction to wait for
    return;
  }
  relay.active = context_.loop.now();
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
  // Whoever takes bytes is there, but a backend that takes them may be frozen all the same: it was not heard.
  if (result.bytes > 0) {
    from_client_.active = context_.loop.now();
  }
  if (result.status != net::IoStatus::Done) {
    return true;
  }
  if (waiting_ != nullptr && &relay == &from_backend_ && !publish_at_rest()) {
    return false;
  }
  return ending_ == CloseReason::None ? pass_on_fin(relay, to) : advance_farewell();
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

}  // namespace limpet::proxy
