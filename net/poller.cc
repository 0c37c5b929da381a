#include "net/poller.h"

#include <algorithm>
#include <cstdlib>

namespace limpet::net {

namespace {

bool control(const Fd& epoll, int operation, int fd, std::uint32_t interest, Pollable* who) noexcept {
  epoll_event event{};
  event.events = interest;
  event.data.ptr = who;
  return epoll_ctl(epoll.get(), operation, fd, &event) == 0;
}

}  // namespace

// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): the system fills what is looked at
Poller::Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_.valid()) {
    std::abort();  // out of descriptors before anything began
  }
}

bool Poller::add(int fd, std::uint32_t interest, Pollable& who) noexcept {
  return control(epoll_, EPOLL_CTL_ADD, fd, interest, &who);
}

void Poller::change(int fd, std::uint32_t interest, Pollable& who) noexcept {
  control(epoll_, EPOLL_CTL_MOD, fd, interest, &who);
}

void Poller::remove(int fd) noexcept {
  control(epoll_, EPOLL_CTL_DEL, fd, 0, nullptr);
}

int Poller::wait(int timeout_ms) noexcept {
  ready_ = std::max(0, epoll_wait(epoll_.get(), events_.data(), kMostEvents, timeout_ms));
  return ready_;
}

void Poller::tell_ready() {
  const auto who = [this](int i) {
    return static_cast<Pollable*>(events_[static_cast<std::size_t>(i)].data.ptr);
  };
  if (ready_ > 1) {
    __builtin_prefetch(who(1));
  }
  for (int i = 0; i < ready_; ++i) {
    if (i + 2 < ready_) {
      __builtin_prefetch(who(i + 2));
    }
    if (i + 1 < ready_) {
      who(i + 1)->on_soon();
    }
    who(i)->on_ready(events_[static_cast<std::size_t>(i)].events);
  }
}

}  // namespace limpet::net
