#include "net/bytes_given.h"

// The structure of the C library does not have what is asked for, and cannot stand beside the kernel's.
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace limpet::net {

namespace {

// Bytes that the peer has acknowledged.
std::optional<std::uint64_t> acknowledged(int fd) noexcept {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
    return std::nullopt;
  }
  return info.tcpi_bytes_acked;
}

// And those that it has not, sent or waiting to be.
std::optional<std::uint64_t> waiting(int fd) noexcept {
  int bytes = 0;
  return ::ioctl(fd, SIOCOUTQ, &bytes) == 0 ? std::optional(static_cast<std::uint64_t>(bytes)) : std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> bytes_given(int fd) noexcept {
  constexpr int kTries = 8;
  for (int i = 0; i < kTries; ++i) {
    const auto before = acknowledged(fd);
    const auto rest = waiting(fd);
    const auto after = acknowledged(fd);
    if (!before || !rest || !after) {
      return std::nullopt;
    }
    if (*before == *after) {
      return *after + *rest;
    }
  }
  return std::nullopt;
}

}  // namespace limpet::net
