// Poller: which descriptors are ready (epoll, level-triggered). A change of interest costs one system call
// and a close none, where uv_poll takes three to begin, two for a change and one to end; a session has two
// sockets and a handshake changes each of them. One thread.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>

#include "net/fd.h"

namespace limpet::net {

// What is told that its descriptor is ready. Lives until the end of the turn in which it was last watched.
class Pollable {
 public:
  // `ready`: EPOLLIN, EPOLLOUT; EPOLLERR and EPOLLHUP come whatever was asked for.
  virtual void on_ready(std::uint32_t ready) = 0;
  // It is about to be told. A place to ask the cache for what on_ready() will touch.
  virtual void on_soon() noexcept {}

 protected:
  ~Pollable() = default;
};

class Poller {
 public:
  Poller();

  // False when the system does not take it.
  [[nodiscard]] bool add(int fd, std::uint32_t interest, Pollable& who) noexcept;
  void change(int fd, std::uint32_t interest, Pollable& who) noexcept;
  void remove(int fd) noexcept;  // a closed descriptor is removed by the system

  // Waits up to `timeout_ms` (-1 = without end); answers how many are ready.
  [[nodiscard]] int wait(int timeout_ms) noexcept;
  // Tells those the last wait() found, each once. Whoever was closed meanwhile is told all the same and must
  // not mind.
  void tell_ready();

 private:
  // A turn with more to do than this goes on in the next one. What small messages need lies in the cache from
  // their read to their send at the end of the batch: with 512 a message of 1000 sessions costs a sixth more.
  static constexpr int kMostEvents = 64;

  Fd epoll_;
  std::array<epoll_event, kMostEvents> events_;
  int ready_ = 0;
};

}  // namespace limpet::net
