// The server's end of a probe's WebSocket as bytes in, bytes out, with a choice of manners.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/head_parser.h"
#include "websocket/frame_codec.h"
#include "websocket/handshake.h"

namespace limpet::healthcheck::testing {

class WebSocketPeer {
 public:
  struct Manners {
    bool wrong_accept = false;
    bool no_pong = false;
    std::string before_pong{};  // frames sent ahead of the Pong
  };

  WebSocketPeer() = default;
  explicit WebSocketPeer(Manners manners) : manners_(std::move(manners)) {}

  // Takes what it understands off the front of `heard`.
  std::string respond(std::string& heard) {
    std::string answer;
    if (!is_open_ && heard.find("\r\n\r\n") != std::string::npos) {
      answer += switch_for(heard);
    }
    while (is_open_ && take_frame(heard, answer)) {
    }
    return answer;
  }

  [[nodiscard]] bool request_was_valid() const noexcept { return request_was_valid_; }
  [[nodiscard]] bool heard_ping() const noexcept { return heard_ping_; }
  [[nodiscard]] bool heard_close() const noexcept { return heard_close_; }
  [[nodiscard]] bool everything_was_masked() const noexcept { return everything_was_masked_; }

 private:
  std::string switch_for(std::string& heard) {
    const std::size_t size = heard.find("\r\n\r\n") + 4;
    const std::string bytes = heard.substr(0, size);
    heard.erase(0, size);
    http::RequestHead head;
    request_was_valid_ = !http::parse_request(bytes, {}, head) &&
                         websocket::check_request(head) == websocket::UpgradeRequest::Valid;
    if (!request_was_valid_) {
      return "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    }
    is_open_ = true;
    const std::string key(head.fields.find("Sec-WebSocket-Key")->value);
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
           websocket::accept_for(manners_.wrong_accept ? key + "x" : key) + "\r\n\r\n";
  }

  bool take_frame(std::string& heard, std::string& answer) {
    auto* const bytes = reinterpret_cast<std::uint8_t*>(heard.data());
    const auto parsed = websocket::parse_frame_header({bytes, heard.size()});
    const auto& header = parsed.header;
    if (parsed.step != websocket::HeaderStep::Complete ||
        heard.size() < header.header_bytes + header.length) {
      return false;
    }
    everything_was_masked_ = everything_was_masked_ && header.masked;
    websocket::apply_mask({bytes + header.header_bytes, static_cast<std::size_t>(header.length)},
                          header.mask);
    const std::string payload = heard.substr(header.header_bytes, header.length);
    heard.erase(0, header.header_bytes + payload.size());
    heard_close_ = heard_close_ || header.opcode == static_cast<std::uint8_t>(websocket::Opcode::Close);
    if (header.opcode == static_cast<std::uint8_t>(websocket::Opcode::Ping)) {
      heard_ping_ = true;
      if (!manners_.no_pong) {
        answer += manners_.before_pong;
        websocket::append_frame(answer, websocket::Opcode::Pong, payload);
      }
    }
    return true;
  }

  Manners manners_;
  bool is_open_ = false;
  bool request_was_valid_ = false;
  bool heard_ping_ = false;
  bool heard_close_ = false;
  bool everything_was_masked_ = true;
};

}  // namespace limpet::healthcheck::testing
