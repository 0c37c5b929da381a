// Level-triggered epoll. Owned and used by one thread.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <span>

#include "bench/sockets.h"

namespace limpet::bench {

class Poller {
 public:
  Poller();

  // `owner` comes back in data.ptr of every event. A descriptor leaves the poller when it is closed.
  void add(const Fd& fd, std::uint32_t events, void* owner);
  void modify(const Fd& fd, std::uint32_t events, void* owner);
  // Both wait for events, which are valid until the next call; the second one not longer than `timeout`, to
  // the nanosecond where the kernel can.
  [[nodiscard]] std::span<const epoll_event> wait();
  [[nodiscard]] std::span<const epoll_event> wait_for(std::chrono::nanoseconds timeout);

 private:
  static constexpr std::size_t kEventsPerTurn = 256;

  [[nodiscard]] std::span<const epoll_event> found(int count) const;
  void control(int operation, const Fd& fd, std::uint32_t events, void* owner);

  Fd epoll_;
  std::array<epoll_event, kEventsPerTurn> events_{};
};

}  // namespace limpet::bench
