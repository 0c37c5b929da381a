#include "bench/load_client.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>

#include "base/crypto.h"

namespace limpet::bench {

namespace {

constexpr std::size_t kMaxHeadBytes = 16384;
constexpr std::size_t kKeyBytes = 16;  // RFC 6455 4.1

}  // namespace

Handshake::Handshake(const SocketAddress& target, std::string_view path) {
  std::array<std::uint8_t, kKeyBytes> nonce{};
  crypto::random_bytes(nonce);
  const std::string key = crypto::base64(nonce);
  expected_accept_ = accept_key(key);
  request_ = fmt::format(
      "GET {2} HTTP/1.1\r\nHost: {0}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: http://{0}\r\n"
      "User-Agent: limpet-bench\r\nAccept-Encoding: gzip, deflate, br\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: {1}\r\n\r\n",
      target.to_string(), key, path);
}

bool Handshake::accepts(std::string_view head) const {
  return head.starts_with("HTTP/1.1 101 ") && header_value(head, "Sec-WebSocket-Accept") == expected_accept_;
}

Result<Fd> open_websocket(const LoadOptions& options, std::size_t index, std::string_view path) {
  auto socket = connect_from(source_of(options, index), options.target);
  if (!socket) {
    return socket;
  }
  const Handshake handshake(options.target, path);
  if (!send_all(*socket, handshake.request())) {
    return system_error(errno, Side::Backend, "send of the upgrade request");
  }
  std::array<char, kMaxHeadBytes> buffer{};
  std::string_view head;
  while (head_length(head) == 0) {
    const ssize_t got = ::recv(socket->get(), buffer.data() + head.size(), buffer.size() - head.size(), 0);
    if (got <= 0) {
      return Error{
          .code = ErrorCode::Reset, .side = Side::Backend, .detail = "no answer to the upgrade request"};
    }
    head = {buffer.data(), head.size() + static_cast<std::size_t>(got)};
  }
  if (!handshake.accepts(head)) {
    return Error{.code = ErrorCode::Malformed,
                 .side = Side::Backend,
                 .detail = fmt::format("upgrade refused: {}", head.substr(0, head.find('\r')))};
  }
  return socket;
}

bool send_all(const Fd& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

bool receive_all(const Fd& socket, std::span<char> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
    if (got <= 0) {
      return false;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
  return true;
}

}  // namespace limpet::bench
