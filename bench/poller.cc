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

std::span<const epoll_event> Poller::wait() {
  return found(::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), -1));
}

std::span<const epoll_event> Poller::wait_for(std::chrono::nanoseconds timeout) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(timeout);
  const timespec bound{.tv_sec = seconds.count(), .tv_nsec = (timeout - seconds).count()};
  return found(
      ::epoll_pwait2(epoll_.get(), events_.data(), static_cast<int>(events_.size()), &bound, nullptr));
}

std::span<const epoll_event> Poller::found(int count) const {
  if (count < 0 && errno != EINTR) {
    fatal(system_error(errno, Side::Self, "waiting for epoll events").detail);
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
