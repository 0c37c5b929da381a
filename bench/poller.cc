#include "bench/poller.h"

#include <cerrno>

namespace limpet::bench {

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_.valid()) {
    fatal(system_error(errno, Side::Self, "epoll_create1").detail);
  }
}

void Poller::add(const Fd& fd, std::uint32_t events, void* owner) {
  control(EPOLL_CTL_ADD, fd, events, owner);
}

void Poller::modify(const Fd& fd, std::uint32_t events, void* owner) {
  control(EPOLL_CTL_MOD, fd, events, owner);
}

std::span<const epoll_event> Poller::wait(int timeout_ms) {
  const int count = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), timeout_ms);
  if (count < 0 && errno != EINTR) {
    fatal(system_error(errno, Side::Self, "epoll_wait").detail);
  }
  return {events_.data(), count < 0 ? 0 : static_cast<std::size_t>(count)};
}

// Fails only for want of kernel memory or watches, and then no measurement is possible.
void Poller::control(int operation, const Fd& fd, std::uint32_t events, void* owner) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = owner;
  if (::epoll_ctl(epoll_.get(), operation, fd.get(), &event) != 0) {
    fatal(system_error(errno, Side::Self, "epoll_ctl").detail);
  }
}

}  // namespace limpet::bench
