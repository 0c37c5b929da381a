#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>

#include "net/acknowledgements.h"
#include "net/keep_alive.h"
#include "net/listener.h"

namespace limpet::net {

namespace {

Error bind_error(int error_number, const SocketAddress& address) {
  return system_error(error_number, Side::Self, "cannot listen on " + address.to_string());
}

void set_flag(int fd, int level, int option, int value = 1) noexcept {
  setsockopt(fd, level, option, &value, sizeof(value));
}

// What the sockets that are accepted inherit.
void set_for_clients(const Fd& fd) noexcept {
  set_flag(fd.get(), IPPROTO_TCP, TCP_NODELAY);
  keep_alive(fd.get());
}

Result<Fd> open_socket(const SocketAddress& address, bool reuse_port) {
  Fd fd(socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) {
    return bind_error(errno, address);
  }
  if (!address.is_unix()) {
    set_flag(fd.get(), SOL_SOCKET, SO_REUSEADDR);
    set_for_clients(fd);
    if (reuse_port) {
      set_flag(fd.get(), SOL_SOCKET, SO_REUSEPORT);
    }
    if (!address.ip().is_v4()) {
      set_flag(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY);
    }
  }
  sockaddr_storage native{};
  const socklen_t length = address.to_native(native);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&native), length) != 0) {
    return bind_error(errno, address);
  }
  return fd;
}

std::optional<Error> begin_listening(const Fd& fd, const SocketAddress& address) {
  if (listen(fd.get(), kBacklog) != 0) {
    return bind_error(errno, address);
  }
  if (!address.is_unix()) {
    ride_acknowledgements(fd);
  }
  return std::nullopt;
}

// SO_REUSEPORT would let a second process of the same user share the port without a word: ask without it
// first.
Result<bool> check_port_is_free(const SocketAddress& address) {
  auto probe = open_socket(address, false);
  if (!probe.ok()) {
    return probe.error();
  }
  if (listen(probe->get(), 1) != 0) {
    return bind_error(errno, address);
  }
  return true;
}

Result<BoundSockets> bind_tcp(SocketAddress address, std::size_t count, PortUse use) {
  if (address.port() != 0 && use == PortUse::Alone) {
    auto is_free = check_port_is_free(address);
    if (!is_free.ok()) {
      return is_free.error();
    }
  }
  BoundSockets bound;
  for (std::size_t i = 0; i < count; ++i) {
    auto fd = open_socket(address, true);
    if (!fd.ok()) {
      return fd.error();
    }
    if (address.port() == 0) {
      address = local_address(*fd);
    }
    bound.sockets.push_back(std::move(fd).value());
  }
  for (const Fd& fd : bound.sockets) {
    if (auto error = begin_listening(fd, address)) {
      return std::move(*error);
    }
  }
  bound.address = address;
  return bound;
}

// A socket file that nobody listens on is left over from a process that was killed.
void remove_if_stale(const SocketAddress& address) {
  struct stat status {};
  if (stat(address.path().c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) {
    return;
  }
  const Fd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_storage native{};
  const socklen_t length = address.to_native(native);
  if (connect(probe.get(), reinterpret_cast<const sockaddr*>(&native), length) != 0 &&
      errno == ECONNREFUSED) {
    ::unlink(address.path().c_str());
  }
}

Result<BoundSockets> bind_unix(const SocketAddress& address, std::size_t count) {
  remove_if_stale(address);
  auto first = open_socket(address, false);
  if (!first.ok()) {
    return first.error();
  }
  if (auto error = begin_listening(*first, address)) {
    return std::move(*error);
  }
  BoundSockets bound;
  bound.address = address;
  for (std::size_t i = 1; i < count; ++i) {
    Fd copy(fcntl(first->get(), F_DUPFD_CLOEXEC, 0));
    if (!copy.valid()) {
      return bind_error(errno, address);
    }
    bound.sockets.push_back(std::move(copy));
  }
  bound.sockets.push_back(std::move(first).value());
  return bound;
}

int flag_of(const Fd& fd, int option) noexcept {
  int value = 0;
  socklen_t length = sizeof(value);
  return getsockopt(fd.get(), SOL_SOCKET, option, &value, &length) == 0 ? value : 0;
}

// What sockets of our own have: those of a service manager may not.
std::optional<Error> make_ours(const Fd& fd, const SocketAddress& address) {
  const int flags = fcntl(fd.get(), F_GETFL);
  if (flag_of(fd, SO_ACCEPTCONN) == 0 || fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0 ||
      fcntl(fd.get(), F_SETFD, FD_CLOEXEC) != 0) {
    return Error{ErrorCode::Invalid, Side::Self,
                 "the socket that was handed over for " + address.to_string() + " does not listen"};
  }
  if (!address.is_unix()) {
    set_for_clients(fd);
    ride_acknowledgements(fd);
  }
  return std::nullopt;
}

Result<Fd> one_more(const BoundSockets& bound) {
  const Fd& first = bound.sockets.front();
  if (bound.address.is_unix() || flag_of(first, SO_REUSEPORT) == 0) {
    Fd copy(fcntl(first.get(), F_DUPFD_CLOEXEC, 0));
    return copy.valid() ? Result<Fd>(std::move(copy)) : bind_error(errno, bound.address);
  }
  return open_socket(bound.address, true);
}

}  // namespace

std::optional<Error> listen_on(const Fd& socket) {
  return flag_of(socket, SO_ACCEPTCONN) != 0 ? std::nullopt : begin_listening(socket, local_address(socket));
}

SocketAddress local_address(const Fd& socket) {
  sockaddr_storage native{};
  socklen_t length = sizeof(native);
  getsockname(socket.get(), reinterpret_cast<sockaddr*>(&native), &length);
  return SocketAddress::from_native(native, length);
}

Result<BoundSockets> adopt_sockets(std::vector<Fd> sockets, std::size_t least) {
  BoundSockets bound{.sockets = std::move(sockets), .address = {}};
  bound.address = local_address(bound.sockets.front());
  for (const Fd& fd : bound.sockets) {
    if (auto error = make_ours(fd, bound.address)) {
      return std::move(*error);
    }
  }
  while (bound.sockets.size() < least) {
    auto more = one_more(bound);
    if (!more.ok()) {
      return more.error();
    }
    bound.sockets.push_back(std::move(more).value());
  }
  return bound;
}

Result<BoundSockets> bind_sockets(const SocketAddress& address, std::size_t count, PortUse use) {
  return address.is_unix() ? bind_unix(address, count) : bind_tcp(address, count, use);
}

}  // namespace limpet::net
