#include "bench/sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace limpet::bench {

namespace {

// Long enough for a loaded machine, short enough that a hung proxy ends the run.
constexpr timeval kBlockingWait{.tv_sec = 10, .tv_usec = 0};
// 9000 sessions may be opened in one go; the kernel caps this at net.core.somaxconn.
constexpr int kBacklog = 4096;

template <typename T>
bool set_option(const Fd& socket, int level, int name, const T& value) noexcept {
  return ::setsockopt(socket.get(), level, name, &value, sizeof(value)) == 0;
}

// The socket functions want the general type for what to_native filled in.
const sockaddr* general(const sockaddr_storage& native) noexcept {
  return reinterpret_cast<const sockaddr*>(&native);
}

SocketAddress loopback(std::uint8_t last, std::uint16_t port) noexcept {
  return {IpAddress::from_v4({127, 0, 0, last}), port};
}

Result<Fd> tcp_socket(int flags) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!socket.valid()) {
    return system_error(errno, Side::Self, "socket");
  }
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  return socket;
}

bool bind_to(const Fd& socket, const SocketAddress& address) noexcept {
  sockaddr_storage native{};
  const socklen_t length = address.to_native(native);
  return ::bind(socket.get(), general(native), length) == 0;
}

bool connect_to(const Fd& socket, const SocketAddress& address) noexcept {
  sockaddr_storage native{};
  const socklen_t length = address.to_native(native);
  return ::connect(socket.get(), general(native), length) == 0 || errno == EINPROGRESS;
}

}  // namespace

Result<SocketAddress> parse_loopback(std::string_view text) {
  const auto endpoint = Endpoint::parse(text);
  if (!endpoint) {
    return endpoint.error();
  }
  const auto address = endpoint->literal();
  if (!address || address->is_unix() || !address->ip().is_v4() || !address->ip().is_loopback()) {
    return Error{.code = ErrorCode::Invalid, .detail = "only 127.0.0.0/8 addresses are loaded"};
  }
  return *address;
}

Result<Fd> listen_on_loopback(std::uint16_t port) {
  auto socket = tcp_socket(SOCK_NONBLOCK);
  if (!socket) {
    return socket;
  }
  set_option(*socket, SOL_SOCKET, SO_REUSEADDR, 1);
  if (!bind_to(*socket, loopback(1, port)) || ::listen(socket->get(), kBacklog) != 0) {
    return system_error(errno, Side::Self, "listen");
  }
  return socket;
}

Result<std::uint16_t> local_port(const Fd& socket) {
  sockaddr_storage native{};
  socklen_t length = sizeof(native);
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&native), &length) != 0) {
    return system_error(errno, Side::Self, "getsockname");
  }
  return SocketAddress::from_native(native, length).port();
}

Fd accept_from(const Fd& listener) noexcept {
  return Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

Result<Fd> connect_from(std::uint8_t source, const SocketAddress& target) {
  auto socket = tcp_socket(0);
  if (!socket) {
    return socket;
  }
  set_option(*socket, SOL_SOCKET, SO_RCVTIMEO, kBlockingWait);
  set_option(*socket, SOL_SOCKET, SO_SNDTIMEO, kBlockingWait);
  // The port is chosen at connect, so that one port serves several targets.
  set_option(*socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  if (source != 0 && !bind_to(*socket, loopback(source, 0))) {
    return system_error(errno, Side::Client, "bind");
  }
  if (!connect_to(*socket, target)) {
    return system_error(errno, Side::Backend, "connect");
  }
  return socket;
}

Result<Fd> start_connect(const SocketAddress& target) {
  auto socket = tcp_socket(SOCK_NONBLOCK);
  if (socket && !connect_to(*socket, target)) {
    return system_error(errno, Side::Backend, "connect");
  }
  return socket;
}

void raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

void fatal(std::string_view why) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(why.size()), why.data());
  std::exit(1);
}

}  // namespace limpet::bench
