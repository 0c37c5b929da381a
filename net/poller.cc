#include "net/poller.h"

#include <sys/epoll.h>

#include <array>
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

void Poller::wait(int timeout_ms) {
  std::array<epoll_event, kMostEvents> events;  // NOLINT: the system fills what is looked at
  const int count = epoll_wait(epoll_.get(), events.data(), kMostEvents, timeout_ms);
  const auto who = [&events](int i) {
    return static_cast<Pollable*>(events[static_cast<std::size_t>(i)].data.ptr);
  };
  if (count > 1) {
    __builtin_prefetch(who(1));
  }
  for (int i = 0; i < count; ++i) {
    if (i + 2 < count) {
      __builtin_prefetch(who(i + 2));
    }
    if (i + 1 < count) {
      who(i + 1)->on_soon();
    }
    who(i)->on_ready(events[static_cast<std::size_t>(i)].events);
  }
}

}  // namespace limpet::net
