// How limpet ends a tunnel in good order. Each direction by itself relays to the end of the frame under way
// and then carries our Close (RFC 6455 5.5.1: nothing follows it); what was accepted before is delivered
// before it. The Close of the other side is looked for in what is dropped.

#include <string>

#include "base/crypto.h"
#include "base/text.h"
#include "proxy/context.h"
#include "proxy/tunnel.h"
#include "websocket/frame_codec.h"

namespace limpet::proxy {

namespace {

// How long the answers to our Closes are awaited: a client's stands behind what it was just sending.
constexpr Duration kAnswerWait = std::chrono::seconds(5);
// How long the ends may take to close behind our FIN, so that no reset overtakes the Close.
constexpr Duration kLinger = std::chrono::seconds(2);

constexpr std::uint16_t kGoingAway = 1001;  // RFC 6455 7.4.1

// What our Close says.
struct LastWord {
  std::uint16_t code;
  std::string_view text;
};

LastWord last_word(const Snapshot& snapshot, CloseReason cause, backends::BackendId backend) {
  if (cause == CloseReason::IdleTimeout) {
    return {kGoingAway, "idle timeout"};
  }
  static const settings::Drain usual;  // where the pool is gone
  const auto* const pool = snapshot.pool_of(backend);
  const settings::Drain& drain = pool != nullptr ? pool->drain : usual;
  return {drain.close_code, drain.reason};
}

}  // namespace

bool Tunnel::send_away(CloseReason cause, Duration grace) {
  if (!is_live() || !flush_deferred()) {
    return false;
  }
  const bool was_leaving = is_leaving();
  was_sent_away_ |= cause != CloseReason::IdleTimeout;
  if (was_sent_away_) {
    // Now, not when the last end has closed: the client may be back before that, and its place is elsewhere.
    pin_use_.end(affinity::Ending::SentAway);
  }
  drop_waiting();
  cut_at_ = std::min(cut_at_, context_.loop.now() + grace);
  if (was_leaving) {
    arm_farewell(deadline_.due() - context_.loop.now());
    return false;
  }
  context_.departures.note_leaving(backend_id_);
  if (is_closing()) {
    arm_idle();  // the ends are closing; whose word it is that they hear is theirs
    return false;
  }
  ending_ = cause;
  parting_ = Parting::Saying;
  context_.counters.add(Counter::SentAway);
  context_.loop.deadlines().arm(deadline_, cut_at_);
  if (begin_farewell(from_backend_, *client_) && begin_farewell(from_client_, *backend_) &&
      advance_farewell()) {
    update_watches();
  }
  return true;
}

bool Tunnel::begin_farewell(Relay& relay, net::Stream& to) {
  if (relay.source_ended || relay.fin_passed_on || relay.scanner.lost()) {
    relay.farewell = Farewell::Unsaid;
    return true;
  }
  if (!relay.scanner.between_frames()) {
    relay.farewell = Farewell::Due;
    return true;
  }
  return say_close(relay, to);
}

// Behind everything that was accepted: a slow reader gets it first.
bool Tunnel::say_close(Relay& relay, net::Stream& to) {
  const auto [code, text] = last_word(*context_.snapshot, ending_, backend_id_);
  std::string frame;
  if (&relay == &from_client_) {
    websocket::Mask mask{};
    crypto::random_bytes(mask);
    websocket::append_close(frame, code, text, mask);
  } else {
    websocket::append_close(frame, code, text);
  }
  relay.farewell = Farewell::Said;
  return note_sent(relay.out.send(to, bytes_of(frame)), to) || is_live();
}

std::uint16_t Tunnel::own_close_code() const {
  return last_word(*context_.snapshot, ending_, backend_id_).code;
}

void Tunnel::pump_farewell(Relay& relay, net::Stream& from, net::Stream& to) {
  const auto scratch = context_.loop.scratch();
  const net::IoResult result = from.read(scratch);
  if (result.status == net::IoStatus::WouldBlock) {
    return;
  }
  if (result.status == net::IoStatus::Broken) {
    lose(from);
    return;
  }
  if (result.status == net::IoStatus::End) {
    relay.source_ended = true;
    relay.farewell = relay.is_over() ? relay.farewell : Farewell::Unsaid;
  } else if (!pass_farewell(relay, to, scratch.first(result.bytes))) {
    return;
  }
  if (advance_farewell()) {
    update_watches();
  }
}

bool Tunnel::pass_farewell(Relay& relay, net::Stream& to, std::span<const std::uint8_t> bytes) {
  relay.active = context_.loop.now();
  relay.note(bytes);
  if (relay.is_over()) {
    relay.observe(bytes);
    return true;
  }
  const auto passed = bytes.first(relay.scanner.observe_to_boundary(bytes, relay.flow.frames));
  const bool at_boundary = relay.scanner.between_frames();
  if (relay.scanner.lost()) {
    relay.farewell = Farewell::Unsaid;
  }
  relay.observe(bytes.subspan(passed.size()));
  context_.loop.make_way_for(passed.size());
  if (!note_sent(relay.out.send(to, passed), to)) {
    return false;
  }
  return !at_boundary || say_close(relay, to);
}

// To the client limpet is the server, which closes first when both have said Close (RFC 6455 7.1.1); the
// backend is a server too, and closes its own side. Whoever cannot be told by a Close is told by the end.
bool Tunnel::advance_farewell() {
  if (from_backend_.is_delivered() && (from_backend_.farewell == Farewell::Unsaid ||
                                       from_client_.scanner.close_seen() || from_client_.source_ended)) {
    say_end(from_backend_, *client_);
  }
  if (from_client_.is_delivered() &&
      (from_client_.farewell == Farewell::Unsaid || from_backend_.source_ended)) {
    say_end(from_client_, *backend_);
  }
  const bool both_told = from_client_.fin_passed_on && from_backend_.fin_passed_on;
  if (both_told && from_client_.source_ended && from_backend_.source_ended) {
    finish(ending_);
    return false;
  }
  if (both_told && parting_ != Parting::Lingering) {
    parting_ = Parting::Lingering;
    arm_farewell(kLinger);
  } else if (parting_ == Parting::Saying && from_client_.is_delivered() && from_backend_.is_delivered()) {
    parting_ = Parting::Awaiting;
    arm_farewell(kAnswerWait);
  }
  return true;
}

void Tunnel::say_end(Relay& relay, net::Stream& to) {
  if (!relay.fin_passed_on) {
    to.shutdown_write();
    relay.fin_passed_on = true;
  }
}

void Tunnel::arm_farewell(Duration wait) {
  context_.loop.deadlines().arm(deadline_, std::min(context_.loop.now() + wait, cut_at_));
}

void Tunnel::on_farewell_deadline() {
  if (parting_ == Parting::Lingering) {
    finish(ending_);
    return;
  }
  if (context_.loop.now() >= cut_at_ || parting_ == Parting::Saying) {
    finish(ending_, Manner::Cut);
    return;
  }
  say_end(from_backend_, *client_);
  say_end(from_client_, *backend_);
  if (advance_farewell()) {
    update_watches();
  }
}

// A peer that was cut is no longer waited for, but the other one still gets what was accepted for it, its
// Close and the time to answer: a close with unread bytes would be a reset, which may overtake the Close.
void Tunnel::lose(net::Stream& gone) {
  const bool is_client = &gone == client_.get();
  Relay& from_gone = is_client ? from_client_ : from_backend_;
  Relay& to_gone = is_client ? from_backend_ : from_client_;
  if (from_gone.farewell == Farewell::Due) {
    // The other side is in the middle of a frame, and must see that it does not go on.
    (is_client ? *backend_ : *client_).reset_on_close();
    finish(ending_);
    return;
  }
  gone.set_events(nullptr);
  from_gone.source_ended = true;
  to_gone.out.drop(context_.loop.chunks());
  to_gone.fin_passed_on = true;
  to_gone.farewell = to_gone.is_over() ? to_gone.farewell : Farewell::Unsaid;
  if (advance_farewell()) {
    update_watches();
  }
}

}  // namespace limpet::proxy
