#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#include "base/number.h"

namespace limpet {

namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned kMappedBits = 96;
constexpr unsigned kV6Bits = 128;
constexpr unsigned kV4Bits = 32;

Error bad_endpoint(std::string_view text) {
  return Error{ErrorCode::Invalid, Side::Self,
               "expected host:port, [v6]:port or unix:/path, not \"" + std::string(text) + "\""};
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string copy(text);
  if (copy.find('\0') != std::string::npos) {
    return std::nullopt;  // the C functions below would not see what stands behind it
  }
  in_addr v4{};
  if (inet_pton(AF_INET, copy.c_str(), &v4) == 1) {
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &v4, bytes.size());
    return from_v4(bytes);
  }
  in6_addr v6{};
  if (inet_pton(AF_INET6, copy.c_str(), &v6) == 1) {
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &v6, bytes.size());
    return from_v6(bytes);
  }
  return std::nullopt;
}

IpAddress IpAddress::from_v4(std::array<std::uint8_t, 4> bytes) noexcept {
  IpAddress address;
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes_.begin());
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin() + kMappedPrefix.size());
  return address;
}

IpAddress IpAddress::from_v6(std::array<std::uint8_t, 16> bytes) noexcept {
  IpAddress address;
  address.bytes_ = bytes;
  return address;
}

bool IpAddress::is_v4() const noexcept {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes_.begin());
}

bool IpAddress::is_loopback() const noexcept {
  if (is_v4()) {
    return bytes_[12] == 127;
  }
  return std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t byte) { return byte == 0; }) &&
         bytes_[15] == 1;
}

IpAddress IpAddress::masked(unsigned bits) const noexcept {
  unsigned kept = is_v4() ? kMappedBits + std::min(bits, kV4Bits) : std::min(bits, kV6Bits);
  IpAddress result;
  for (std::size_t i = 0; i < bytes_.size() && kept > 0; ++i) {
    const unsigned here = std::min(kept, 8U);
    result.bytes_[i] = static_cast<std::uint8_t>(bytes_[i] & (0xff00U >> here));
    kept -= here;
  }
  return result;
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (!is_v4()) {
    inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
    return text.data();
  }
  // Every request names its client to the backend: inet_ntop() goes through printf.
  char* end = text.data();
  for (const std::uint8_t byte : std::span(bytes_).subspan(kMappedPrefix.size())) {
    end = std::to_chars(end, text.data() + text.size(), unsigned{byte}).ptr;
    *end++ = '.';
  }
  return {text.data(), end - 1};
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto base = IpAddress::parse(text.substr(0, slash));
  if (!base) {
    return std::nullopt;
  }
  const unsigned most = base->is_v4() ? kV4Bits : kV6Bits;
  unsigned bits = most;
  if (slash != std::string_view::npos) {
    const auto number = whole_number<unsigned>(text.substr(slash + 1));
    if (!number || *number > most) {
      return std::nullopt;
    }
    bits = *number;
  }
  return IpNetwork{base->masked(bits), bits};
}

bool IpNetwork::contains(const IpAddress& address) const noexcept {
  return address.is_v4() == base.is_v4() && address.masked(bits) == base;
}

std::string IpNetwork::to_string() const {
  return base.to_string() + "/" + std::to_string(bits);
}

SocketAddress SocketAddress::unix_path(std::string path) {
  SocketAddress address;
  address.is_unix_ = true;
  address.path_ = std::move(path);
  return address;
}

SocketAddress SocketAddress::from_native(const sockaddr_storage& native, socklen_t length) {
  if (native.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &native, sizeof(v4));
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
    return {IpAddress::from_v4(bytes), ntohs(v4.sin_port)};
  }
  if (native.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &native, sizeof(v6));
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return {IpAddress::from_v6(bytes), ntohs(v6.sin6_port)};
  }
  sockaddr_un local{};
  std::memcpy(&local, &native, sizeof(local));
  const auto header = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path));
  const std::size_t room = length > header ? length - header : 0;
  return unix_path(
      std::string(local.sun_path, strnlen(local.sun_path, std::min(room, sizeof(local.sun_path)))));
}

int SocketAddress::family() const noexcept {
  if (is_unix_) {
    return AF_UNIX;
  }
  return ip_.is_v4() ? AF_INET : AF_INET6;
}

socklen_t SocketAddress::to_native(sockaddr_storage& native) const noexcept {
  native = {};
  if (is_unix_) {
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    const std::size_t length = std::min(path_.size(), sizeof(local.sun_path) - 1);
    std::memcpy(local.sun_path, path_.data(), length);
    std::memcpy(&native, &local, sizeof(local));
    return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length + 1);
  }
  if (ip_.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port_);
    std::memcpy(&v4.sin_addr, ip_.bytes().data() + kMappedPrefix.size(), sizeof(v4.sin_addr));
    std::memcpy(&native, &v4, sizeof(v4));
    return sizeof(v4);
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port_);
  std::memcpy(&v6.sin6_addr, ip_.bytes().data(), sizeof(v6.sin6_addr));
  std::memcpy(&native, &v6, sizeof(v6));
  return sizeof(v6);
}

std::string SocketAddress::to_string() const {
  if (is_unix_) {
    return "unix:" + path_;
  }
  const std::string host = ip_.to_string();
  return (ip_.is_v4() ? host : "[" + host + "]") + ":" + std::to_string(port_);
}

Result<Endpoint> Endpoint::parse(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    return bad_endpoint(text.substr(0, text.find('\0')));
  }
  constexpr std::string_view kUnix = "unix:";
  if (text.substr(0, kUnix.size()) == kUnix) {
    const std::string_view path = text.substr(kUnix.size());
    if (path.empty() || path[0] != '/' || path.size() >= sizeof(sockaddr_un::sun_path)) {
      return Error{ErrorCode::Invalid, Side::Self,
                   "expected an absolute socket path of at most 107 bytes after \"unix:\""};
    }
    return Endpoint{{}, 0, std::string(path)};
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) {
    return bad_endpoint(text);
  }
  const auto port = whole_number<std::uint16_t>(text.substr(colon + 1));
  if (!port) {
    return Error{ErrorCode::Invalid, Side::Self,
                 "expected a port from 0 to 65535 after the last colon of \"" + std::string(text) + "\""};
  }
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) {
    host = host.substr(1, host.size() - 2);
    const auto ip = IpAddress::parse(host);
    if (!ip || host.find(':') == std::string_view::npos) {
      return bad_endpoint(text);
    }
  } else if (host.find_first_of(":[]/@ \t") != std::string_view::npos) {
    return bad_endpoint(text);
  }
  return Endpoint{std::string(host), *port, {}};
}

std::optional<SocketAddress> Endpoint::literal() const {
  if (is_unix()) {
    return SocketAddress::unix_path(path);
  }
  const auto ip = IpAddress::parse(host);
  if (!ip) {
    return std::nullopt;
  }
  return SocketAddress(*ip, port);
}

std::string Endpoint::to_string() const {
  if (is_unix()) {
    return "unix:" + path;
  }
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace limpet
