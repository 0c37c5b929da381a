// What a WebSocket client of the load generator says and checks while it opens a session. Used by one thread.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "bench/load.h"
#include "bench/wire.h"

namespace limpet::bench {

// One upgrade request and the answer it must get (RFC 6455 4.1).
class Handshake {
 public:
  // With a fresh key. `path` picks what the backend does with messages.
  explicit Handshake(const SocketAddress& target, std::string_view path = kEchoPath);

  [[nodiscard]] const std::string& request() const noexcept { return request_; }
  // `head` is a whole head. True for a 101 with the right Sec-WebSocket-Accept.
  [[nodiscard]] bool accepts(std::string_view head) const;

 private:
  std::string request_;
  std::string expected_accept_;
};

// The mask of every frame the load tool sends: any value does, and a constant one lets payloads be masked in
// advance.
inline constexpr std::array<std::uint8_t, 4> kClientMask = {0x37, 0xfa, 0x21, 0x3d};

// Opens session number `index` and waits for the 101.
[[nodiscard]] Result<Fd> open_websocket(const LoadOptions& options, std::size_t index,
                                        std::string_view path = kEchoPath);

// Writes all of `bytes` / reads exactly as many as `bytes` has; both wait. False when the connection failed.
[[nodiscard]] bool send_all(const Fd& socket, std::string_view bytes);
[[nodiscard]] bool receive_all(const Fd& socket, std::span<char> bytes);

}  // namespace limpet::bench
