#include "app/predecessor.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <utility>
#include <variant>

#include "net/fd_passing.h"

namespace limpet::app {

namespace {

Error out_of_order() {
  return Error{ErrorCode::Malformed, Side::Self, "the process that is to be followed spoke out of order"};
}

}  // namespace

Predecessor::Predecessor(net::Fd socket) : socket_(std::move(socket)) {
  const timeval patience{.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(kPatience).count(),
                         .tv_usec = 0};
  setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

Predecessor::~Predecessor() {
  if (link_ != nullptr) {
    link_->end();
    loop_->bury(std::move(link_));
  }
}

Result<HandoverMessage> Predecessor::receive(std::vector<net::Fd>& descriptors) {
  auto received = net::receive_message(socket_);
  if (!received.ok()) {
    return received.error().code == ErrorCode::Unavailable
               ? Error{ErrorCode::Timeout, Side::Self, "the process that is to be followed says nothing"}
               : received.error();
  }
  if (!received->has_value()) {
    return Error{ErrorCode::Reset, Side::Self, "the process that is to be followed has ended"};
  }
  descriptors = std::move((*received)->descriptors);
  return decode_handover((*received)->bytes);
}

// Who is not there to hear it is heard to be gone at the next word.
void Predecessor::say(const HandoverMessage& message) {
  [[maybe_unused]] const auto sent = net::send_message(socket_, encode(message));
}

Result<Predecessor::Offer> Predecessor::receive_offer() {
  Offer offer;
  for (;;) {
    std::vector<net::Fd> descriptors;
    const auto message = receive(descriptors);
    if (!message.ok()) {
      return message.error();
    }
    const auto done = take_offer(offer, *message, std::move(descriptors));
    if (!done.ok()) {
      return done.error();
    }
    if (*done) {
      return offer;
    }
  }
}

Result<bool> Predecessor::take_offer(Offer& offer, const HandoverMessage& message,
                                     std::vector<net::Fd> descriptors) {
  if (const auto* const hello = std::get_if<Hello>(&message)) {
    offer.pid = pid_ = hello->pid;
    return hello->version == kHandoverVersion
               ? Result<bool>(false)
               : Error{ErrorCode::Invalid, Side::Self,
                       "the process that is to be followed speaks version " + std::to_string(hello->version) +
                           " and this one " + std::to_string(kHandoverVersion) +
                           ": a restart is needed instead"};
  }
  if (const auto* const sockets = std::get_if<Sockets>(&message)) {
    if (sockets->use == SocketUse::PinLock && descriptors.size() == 1) {
      offer.pin_file = sockets->name;
      offer.pin_lock = std::move(descriptors.front());
      return false;
    }
    InheritedSockets& to = sockets->use == SocketUse::Admin ? offer.admin : offer.listeners;
    to.add(sockets->name, std::move(descriptors), sockets->begins, sockets->lent);
    return false;
  }
  if (const auto* const backends = std::get_if<Backends>(&message)) {
    offer.backends.insert(offer.backends.end(), backends->words.begin(), backends->words.end());
    return false;
  }
  if (const auto* const keys = std::get_if<TicketKeys>(&message)) {
    offer.ticket_keys = keys->bytes;
    return false;
  }
  const bool is_known = pid_ != 0 && std::holds_alternative<Offered>(message);
  return is_known ? Result<bool>(true) : out_of_order();
}

Result<bool> Predecessor::take_pins(const std::string& bytes, const MakeRestore& make_restore) {
  using Step = affinity::PinReader::Step;
  if (taking_ == nullptr) {
    taking_ = std::make_unique<Taking>(Taking{.reader = {}, .restore = make_restore()});
  }
  taking_->reader.add(bytes);
  Step step = Step::NeedMore;
  while ((step = taking_->reader.next()) == Step::Pin) {
    taking_->restore.take(taking_->reader);
  }
  if (step == Step::Refused) {
    return Error{ErrorCode::Malformed, Side::Self,
                 "the pins of the process that is to be followed: " + taking_->reader.problem()};
  }
  if (step == Step::End) {
    counts_ = taking_->restore.counts();
    taking_.reset();
    return true;
  }
  return false;
}

Result<affinity::PinRestore::Counts> Predecessor::receive_pins(const MakeRestore& make_restore) {
  for (;;) {
    std::vector<net::Fd> descriptors;
    const auto message = receive(descriptors);
    if (!message.ok()) {
      return message.error();
    }
    const auto* const pins = std::get_if<Pins>(&*message);
    const auto done = pins != nullptr ? take_pins(pins->bytes, make_restore) : out_of_order();
    if (!done.ok()) {
      return done.error();
    }
    if (*done) {
      return counts_;
    }
  }
}

Result<bool> Predecessor::await_go() {
  std::vector<net::Fd> descriptors;
  const auto message = receive(descriptors);
  if (!message.ok()) {
    return message.error();
  }
  return std::holds_alternative<Go>(*message) ? Result<bool>(true) : out_of_order();
}

void Predecessor::serving(net::UvLoop& loop, MakeRestore make_restore, std::function<void()> on_gone) {
  say(Serving{});
  loop_ = &loop;
  make_restore_ = std::move(make_restore);
  on_gone_ = std::move(on_gone);
  link_ = std::make_unique<HandoverLink>(loop, std::move(socket_), static_cast<HandoverLink::Events&>(*this));
}

void Predecessor::on_message(const HandoverMessage& message) {
  if (const auto* const sessions = std::get_if<Sessions>(&message)) {
    sessions_ = sessions->left;
  } else if (const auto* const pins = std::get_if<Pins>(&message)) {
    // What it says of its clients is of use, and not more: nothing depends on it any more.
    if (!take_pins(pins->bytes, make_restore_).ok()) {
      taking_.reset();
    }
  }
}

void Predecessor::on_ended(const std::string&) {
  loop_->bury(std::move(link_));
  taking_.reset();
  sessions_ = 0;
  on_gone_();
}

}  // namespace limpet::app
