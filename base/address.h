// Addresses: what a socket is bound or connected to, and what a person writes for it. Any thread.
//   IpAddress      128 bits; an IPv4 address is kept v4-mapped, so ::ffff:1.2.3.4 equals 1.2.3.4
//   SocketAddress  an IpAddress and a port, or the path of a Unix socket; always connectable as it is
//   Endpoint       what the configuration says: host (name or literal) and port, or a Unix path
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace limpet {

class IpAddress {
 public:
  constexpr IpAddress() = default;

  // A literal without brackets or zone: "10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1".
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);
  [[nodiscard]] static IpAddress from_v4(std::array<std::uint8_t, 4> bytes) noexcept;
  [[nodiscard]] static IpAddress from_v6(std::array<std::uint8_t, 16> bytes) noexcept;

  [[nodiscard]] bool is_v4() const noexcept;
  [[nodiscard]] bool is_loopback() const noexcept;
  // Network byte order; an IPv4 address occupies the last four bytes behind ::ffff:.
  [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }
  // All bits behind the first `bits` cleared; bits count within the family (0..32 or 0..128).
  [[nodiscard]] IpAddress masked(unsigned bits) const noexcept;
  // "10.0.0.1" for IPv4 (mapped or not), RFC 5952 text for IPv6, without brackets.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

// "10.0.0.0/8", "2001:db8::/32", or a single address.
struct IpNetwork {
  IpAddress base;
  unsigned bits = 0;

  [[nodiscard]] static std::optional<IpNetwork> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpAddress& address) const noexcept;
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const IpNetwork&, const IpNetwork&) = default;
};

class SocketAddress {
 public:
  SocketAddress() = default;
  SocketAddress(IpAddress ip, std::uint16_t port) : ip_(ip), port_(port) {}
  // Requires a path that fits sockaddr_un (107 bytes).
  [[nodiscard]] static SocketAddress unix_path(std::string path);
  // From what accept4 or getsockname filled in; a Unix peer without a name gives an empty path.
  [[nodiscard]] static SocketAddress from_native(const sockaddr_storage& native, socklen_t length);

  [[nodiscard]] bool is_unix() const noexcept { return is_unix_; }
  [[nodiscard]] const IpAddress& ip() const noexcept { return ip_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  // AF_INET (IPv4, mapped too), AF_INET6 or AF_UNIX.
  [[nodiscard]] int family() const noexcept;
  // For bind and connect; returns the length.
  [[nodiscard]] socklen_t to_native(sockaddr_storage& native) const noexcept;
  // "10.0.0.1:80", "[::1]:80", "unix:/path"; "unix:" for an unnamed peer.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const SocketAddress&, const SocketAddress&) = default;

 private:
  IpAddress ip_;
  std::uint16_t port_ = 0;
  bool is_unix_ = false;
  std::string path_;
};

struct Endpoint {
  std::string host;  // a name or a literal without brackets; empty when path is set
  std::uint16_t port = 0;
  std::string path;  // of a Unix socket; empty for host:port

  // "host:port", "[v6]:port", "unix:/absolute/path". The error says what was expected.
  [[nodiscard]] static Result<Endpoint> parse(std::string_view text);
  [[nodiscard]] bool is_unix() const noexcept { return !path.empty(); }
  // Set when no name has to be looked up: a literal address or a Unix path.
  [[nodiscard]] std::optional<SocketAddress> literal() const;
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

}  // namespace limpet
