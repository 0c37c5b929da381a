// Level-triggered epoll. Owned and used by one thread.
#pragma once

#include <sys/epoll.h>

#include <array>
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
  // -1 waits without bound. The events are valid until the next call.
  [[nodiscard]] std::span<const epoll_event> wait(int timeout_ms);

 private:
  static constexpr std::size_t kEventsPerTurn = 256;

  void control(int operation, const Fd& fd, std::uint32_t events, void* owner);

  Fd epoll_;
  std::array<epoll_event, kEventsPerTurn> events_{};
};

}  // namespace limpet::bench
