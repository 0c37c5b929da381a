// The opening handshake (RFC 6455 4.1, 4.2): what makes a request an upgrade, and an answer one that opens a
// tunnel. Pure. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/head.h"

namespace limpet::websocket {

enum class UpgradeRequest : std::uint8_t {
  NotAsked,  // an ordinary request (also: an upgrade to anything but websocket, whose Upgrade field is
             // dropped)
  Valid,     // GET, HTTP/1.1, websocket alone, Connection: Upgrade, one good key, version 13, no body
  UnsupportedVersion,  // valid but for Sec-WebSocket-Version: 426
  Malformed,           // asks for websocket and breaks a rule: 400
};
[[nodiscard]] UpgradeRequest check_request(const http::RequestHead& head) noexcept;

// Sec-WebSocket-Accept for a key (RFC 6455 4.2.2 step 5.4).
[[nodiscard]] std::string accept_for(std::string_view key);

// True when a 101 opens the tunnel for a request with `key`: HTTP/1.1, Upgrade: websocket alone, Connection:
// Upgrade, the right Sec-WebSocket-Accept once, no body framing, and no subprotocol that was not offered
// (`offered_protocols`: the request's Sec-WebSocket-Protocol values joined by commas, empty = none).
[[nodiscard]] bool is_valid_switch(const http::ResponseHead& head, std::string_view expected_accept,
                                   std::string_view offered_protocols) noexcept;

}  // namespace limpet::websocket
