// Asking an idle TCP peer whether it is still there, and how long it may take to say so. Any thread.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace limpet::net {

// A vanished peer of an idle connection is noticed within 60 s. Asked not more often than this, as phones pay
// for being woken. Accepted sockets take it over from the one that listens.
inline void keep_alive(int fd) noexcept {
  constexpr int kIdleSeconds = 45;
  constexpr int kBetweenSeconds = 5;
  constexpr int kProbes = 3;
  const auto set = [fd](int level, int option, int value) {
    setsockopt(fd, level, option, &value, sizeof(value));
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kIdleSeconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kBetweenSeconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, kProbes);
}

}  // namespace limpet::net
