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

// What a request offers: the values of its Sec-WebSocket-Protocol and Sec-WebSocket-Extensions fields, those
// of several joined by commas; empty = none.
struct Offered {
  std::string_view protocols;
  std::string_view extensions;
};

// True when a 101 opens the tunnel for a request whose key gives `expected_accept`: HTTP/1.1, Upgrade:
// websocket alone, Connection: Upgrade, the right Sec-WebSocket-Accept once, no body framing, and no
// subprotocol or extension that was not offered (RFC 6455 4.1).
[[nodiscard]] bool is_valid_switch(const http::ResponseHead& head, std::string_view expected_accept,
                                   const Offered& offered) noexcept;

}  // namespace limpet::websocket
