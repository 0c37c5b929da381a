#include "proxy/publishing.h"

#include <algorithm>
#include <utility>

#include "proxy/context.h"
#include "proxy/tunnel.h"

namespace limpet::proxy {

namespace {

// A turn of it takes below half a millisecond: a look takes some 30 ns, a short message 5 us, and a byte of a
// long one a quarter of a nanosecond.
constexpr std::size_t kLooksATurn = 4096;
constexpr std::size_t kOffersATurn = 64;
constexpr std::size_t kBytesATurn = 1024 * 1024;
// A client that is slow needs some time to take what waits.
constexpr Duration kOfferAgainEvery = net::Deadlines::kTick;

}  // namespace

Publishing::~Publishing() {
  context_.loop.forget_turn_end(*this);
}

void Publishing::begin(PublicationPtr publication) {
  publications_.push_back(std::move(publication));
  if (publications_.size() == 1) {
    context_.loop.at_turn_end(*this);
  }
}

void Publishing::on_turn_end() {
  if (go_on()) {
    context_.loop.at_turn_end(*this);
  }
}

void Publishing::on_deadline() {
  context_.loop.at_turn_end(*this);
}

bool Publishing::go_on() {
  Slice slice{.looks = kLooksATurn, .offers = kOffersATurn, .bytes = kBytesATurn};
  walk(slice);
  if (next_slot_ < context_.sessions.slots()) {
    return true;
  }
  visit_late(slice);
  if (next_late_ < late_.size()) {
    return true;
  }
  late_.resize(still_late_);
  next_late_ = still_late_ = 0;
  if (!late_.empty()) {
    context_.loop.deadlines().arm(retry_, context_.loop.now() + kOfferAgainEvery);
    return false;
  }
  finish();
  return !publications_.empty();
}

void Publishing::walk(Slice& slice) {
  const Publication& publication = *publications_.front();
  for (; next_slot_ < context_.sessions.slots() && !slice.is_over(); ++next_slot_, --slice.looks) {
    Tunnel* const tunnel = context_.sessions.at(next_slot_);
    if (tunnel == nullptr || !publication.is_for(tunnel->backend()) ||
        (publication.key && tunnel->key_text() != *publication.key) ||
        (publication.route && tunnel->route() != *publication.route)) {
      continue;
    }
    if (!tunnel->takes_publications()) {
      continue;
    }
    ++counts_.matched;
    slice.take_offer(publication.frame->size());
    const Late place{.id = tunnel->id(), .slot = tunnel->slot()};
    if (is_late(*tunnel)) {
      late_.push_back(place);
    }
  }
}

// Also those that the walk has just found.
void Publishing::visit_late(Slice& slice) {
  for (; next_late_ < late_.size() && !slice.is_over(); ++next_late_, --slice.looks) {
    const Late place = late_[next_late_];
    Tunnel* const tunnel = context_.sessions.at(place.slot);
    if (tunnel == nullptr || tunnel->id() != place.id) {
      ++counts_.dropped;
      context_.counters.add(Counter::PublishedDropped);
      continue;
    }
    slice.take_offer(0);
    if (is_late(*tunnel)) {
      late_[still_late_++] = place;
    }
  }
}

bool Publishing::is_late(Tunnel& tunnel) {
  const Publication& publication = *publications_.front();
  switch (tunnel.publish(publication.frame, publication.queue_bytes)) {
    case Tunnel::Offer::Sent:
      ++counts_.sent;
      return false;
    case Tunnel::Offer::Queued:
      ++counts_.queued;
      return false;
    case Tunnel::Offer::Full:
      if (context_.loop.now() < publication.wait_until) {
        return true;
      }
      break;
    case Tunnel::Offer::Refused:
      break;
  }
  ++counts_.dropped;
  context_.counters.add(Counter::PublishedDropped);
  return false;
}

void Publishing::finish() {
  const PublicationPtr done = std::move(publications_.front());
  publications_.pop_front();
  if (done->reply_to != nullptr) {
    done->reply_to->post({.publication = done->number, .counts = counts_});
  }
  counts_ = {};
  next_slot_ = 0;
}

void Publishing::Slice::take_offer(std::size_t frame_bytes) noexcept {
  offers -= std::min<std::size_t>(offers, 1);
  bytes -= std::min(bytes, frame_bytes);
}

}  // namespace limpet::proxy
