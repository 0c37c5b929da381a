#include "tests/support/wire.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "tests/support/catch.h"

namespace limpet::test {

namespace {

bool wait_for(int fd, short events, std::chrono::milliseconds patience) {
  pollfd entry{fd, events, 0};
  return ::poll(&entry, 1, static_cast<int>(patience.count())) > 0;
}

}  // namespace

Wire::Wire(net::Fd fd) : fd_(std::move(fd)) {}

Wire Wire::connect(const SocketAddress& address, int receive_buffer) {
  net::Fd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (receive_buffer > 0) {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  }
  sockaddr_storage native{};
  const socklen_t length = address.to_native(native);
  REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&native), length) == 0);
  return Wire(std::move(fd));
}

void Wire::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      FAIL("send: " << std::strerror(errno));
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool Wire::wait_readable(std::chrono::milliseconds patience) const {
  return wait_for(fd_.get(), POLLIN, patience);
}

std::size_t Wire::read_some(char* into, std::size_t most, WireEnd& how) {
  REQUIRE(wait_readable(kPatience));
  const ssize_t got = ::recv(fd_.get(), into, most, 0);
  how = got > 0 ? WireEnd::StillOpen : (got == 0 ? WireEnd::Fin : WireEnd::Reset);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

std::string Wire::read(std::size_t bytes) {
  std::array<char, 65536> buffer{};
  while (ahead_.size() < bytes) {
    WireEnd how = WireEnd::StillOpen;
    const std::size_t got = read_some(buffer.data(), std::min(buffer.size(), bytes - ahead_.size()), how);
    INFO("have so far: " << ahead_);
    REQUIRE(how == WireEnd::StillOpen);
    ahead_.append(buffer.data(), got);
  }
  std::string taken = ahead_.substr(0, bytes);
  ahead_.erase(0, bytes);
  return taken;
}

void Wire::expect(std::string_view bytes) {
  std::array<char, 65536> buffer;  // NOLINT: not cleared, only what was read is looked at
  std::size_t have = 0;
  bool same = ahead_.empty();
  while (same && have < bytes.size()) {
    if (!wait_readable(kPatience)) {
      break;
    }
    const ssize_t got = ::recv(fd_.get(), buffer.data() + have, bytes.size() - have, 0);
    if (got <= 0) {
      break;
    }
    have += static_cast<std::size_t>(got);
  }
  // Catch2 allocates for a passing check too: it is asked only when something is wrong.
  if (!same || std::string_view(buffer.data(), have) != bytes) {
    FAIL("other bytes than expected: " << std::string(buffer.data(), have));
  }
}

std::string Wire::read_head() {
  std::array<char, 65536> buffer{};
  std::size_t end = 0;
  while ((end = ahead_.find("\r\n\r\n")) == std::string::npos) {
    WireEnd how = WireEnd::StillOpen;
    const std::size_t got = read_some(buffer.data(), buffer.size(), how);
    INFO("have so far: " << ahead_);
    REQUIRE(how == WireEnd::StillOpen);
    ahead_.append(buffer.data(), got);
  }
  return read(end + 4);
}

std::string Wire::read_to_end(WireEnd* how) {
  std::array<char, 65536> buffer{};
  WireEnd end = WireEnd::StillOpen;
  while (end == WireEnd::StillOpen) {
    const std::size_t got = read_some(buffer.data(), buffer.size(), end);
    ahead_.append(buffer.data(), got);
  }
  if (how != nullptr) {
    *how = end;
  }
  return std::exchange(ahead_, {});
}

bool Wire::stays_silent(std::chrono::milliseconds moment) {
  return ahead_.empty() && !wait_readable(moment);
}

void Wire::finish_sending() {
  ::shutdown(fd_.get(), SHUT_WR);
}

void Wire::reset() {
  const linger now{1, 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  fd_.reset();
}

WireServer::WireServer() : WireServer(SocketAddress(IpAddress::from_v4({127, 0, 0, 1}), 0)) {}

WireServer::WireServer(const SocketAddress& address)
    : fd_(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_storage native{};
  socklen_t length = address.to_native(native);
  REQUIRE(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&native), length) == 0);
  REQUIRE(::listen(fd_.get(), 16) == 0);
  length = sizeof(native);
  REQUIRE(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&native), &length) == 0);
  address_ = SocketAddress::from_native(native, length);
}

Wire WireServer::accept() {
  REQUIRE(wait_for(fd_.get(), POLLIN, kPatience));
  net::Fd fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  REQUIRE(fd.valid());
  return Wire(std::move(fd));
}

bool WireServer::stays_lonely(std::chrono::milliseconds moment) {
  return !wait_for(fd_.get(), POLLIN, moment);
}

}  // namespace limpet::test
