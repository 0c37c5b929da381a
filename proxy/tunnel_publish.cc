// How a published message gets into a tunnel: between two messages of the backend, behind everything that was
// accepted before, and before nothing that was not. What cannot be put at once waits here by reference.

#include "base/text.h"
#include "proxy/context.h"
#include "proxy/tunnel.h"

namespace limpet::proxy {

// Somebody who closes, or to whom nothing may follow, gets nothing more.
bool Tunnel::takes_publications() const noexcept {
  return is_live() && !is_leaving() && !is_closing() && !from_backend_.source_ended &&
         !from_backend_.fin_passed_on;
}

Tunnel::Offer Tunnel::publish(const FramePtr& frame, std::size_t queue_bytes) {
  if (!takes_publications() || !flush_deferred() || !takes_publications() || from_backend_.scanner.lost()) {
    return Offer::Refused;
  }
  if (waiting_ == nullptr && from_backend_.out.empty() && from_backend_.scanner.between_messages()) {
    if (!put(*frame)) {
      return Offer::Refused;
    }
    if (!from_backend_.out.empty()) {
      update_watches();
    }
    return Offer::Sent;
  }
  if (waiting_ == nullptr) {
    waiting_ = std::make_unique<WaitingFrames>();
  } else if (waiting_->bytes + frame->size() > queue_bytes) {
    return Offer::Full;
  }
  waiting_->bytes += frame->size();
  waiting_->frames.push_back(frame);
  return Offer::Queued;
}

// Requires that no message of the backend is under way.
bool Tunnel::put(const std::string& frame) {
  if (!note_sent(from_backend_.out.send(*client_, bytes_of(frame)), *client_)) {
    return false;
  }
  // As any byte that the client takes: an idle session is one without, and who vanished is noticed.
  from_client_.active = context_.loop.now();
  context_.counters.add(Counter::PublishedSent);
  return true;
}

// At least one, so that a client that is always behind gets them too; more only while it is not: what is kept
// for it is one read and one publication.
bool Tunnel::put_waiting() {
  do {
    const FramePtr frame = std::move(waiting_->frames.front());
    waiting_->frames.pop_front();
    waiting_->bytes -= frame->size();
    if (waiting_->frames.empty()) {
      waiting_.reset();
    }
    if (!put(*frame)) {
      return false;
    }
  } while (waiting_ != nullptr && from_backend_.out.empty());
  return true;
}

void Tunnel::drop_waiting() noexcept {
  if (waiting_ != nullptr) {
    context_.counters.add(Counter::PublishedDropped, waiting_->frames.size());
    waiting_.reset();
  }
}

// Everything that was kept for the client has gone.
bool Tunnel::publish_at_rest() {
  if (!takes_publications()) {
    drop_waiting();
    return true;
  }
  return !from_backend_.scanner.between_messages() || put_waiting();
}

bool Tunnel::pass_publishing(std::span<const std::uint8_t> bytes) {
  Relay& relay = from_backend_;
  const auto first = bytes.first(relay.scanner.observe_to_message_end(bytes, relay.flow.frames));
  if (!first.empty() && !pass_on(relay, *client_, first)) {
    return false;
  }
  if (!takes_publications() || relay.scanner.lost()) {
    drop_waiting();
  } else if (relay.scanner.between_messages() && !put_waiting()) {
    return false;
  }
  const auto rest = bytes.subspan(first.size());
  if (rest.empty()) {
    return true;
  }
  relay.observe(rest);
  return pass_on(relay, *client_, rest);
}

}  // namespace limpet::proxy
