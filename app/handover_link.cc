#include "app/handover_link.h"

#include <fcntl.h>
#include <sys/epoll.h>

#include <utility>

#include "net/fd_passing.h"

namespace limpet::app {

HandoverLink::HandoverLink(net::UvLoop& loop, net::Fd socket, Events& events)
    : loop_(loop), socket_(std::move(socket)), events_(events) {
  fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
  if (!loop_.poller().add(socket_.get(), EPOLLIN, *this)) {
    socket_.reset();  // out of memory for the poller: the time of the handover runs out
  }
}

HandoverLink::~HandoverLink() {
  end();
}

void HandoverLink::end() {
  if (socket_.valid()) {
    loop_.poller().remove(socket_.get());
    socket_.reset();
  }
}

void HandoverLink::send(const HandoverMessage& message, std::span<const int> descriptors) {
  queue_.push_back({encode(message), {descriptors.begin(), descriptors.end()}});
  flush();
}

void HandoverLink::await_room(bool on) {
  awaits_room_ = on;
  update_interest();
}

void HandoverLink::update_interest() {
  if (socket_.valid()) {
    const bool writes = awaits_room_ || !queue_.empty();
    loop_.poller().change(socket_.get(), writes ? EPOLLIN | EPOLLOUT : EPOLLIN, *this);
  }
}

void HandoverLink::flush() {
  while (socket_.valid() && !queue_.empty()) {
    const Queued& next = queue_.front();
    const auto sent = net::send_message(socket_, next.bytes, next.descriptors);
    // That the other end is gone is heard behind what it has said last.
    if (sent.ok() && !*sent) {
      break;
    }
    queue_.pop_front();
  }
  update_interest();
}

void HandoverLink::on_ready(std::uint32_t ready) {
  if (socket_.valid() && (ready & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) {
    receive_one();
  }
  if (socket_.valid() && (ready & EPOLLOUT) != 0) {
    flush();
    if (socket_.valid() && queue_.empty() && awaits_room_) {
      events_.on_room();
    }
  }
}

// One a turn: a message of pins takes its time.
void HandoverLink::receive_one() {
  const auto received = net::receive_message(socket_);
  if (!received.ok()) {
    if (received.error().code != ErrorCode::Unavailable) {
      fail(received.error().detail);
    }
    return;
  }
  if (!received->has_value()) {
    fail("it has ended");
    return;
  }
  const auto message = decode_handover((*received)->bytes);
  if (!message.ok()) {
    fail(message.error().detail);
    return;
  }
  events_.on_message(*message);
}

void HandoverLink::fail(const std::string& detail) {
  end();
  events_.on_ended(detail);
}

}  // namespace limpet::app
