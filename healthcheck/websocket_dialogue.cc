#include <algorithm>
#include <array>
#include <span>

#include "base/crypto.h"
#include "base/text.h"
#include "healthcheck/answer_head.h"
#include "healthcheck/dialogue.h"
#include "websocket/frame_codec.h"
#include "websocket/handshake.h"

namespace limpet::healthcheck {

namespace {

using State = DialogueStep::State;
using websocket::Opcode;

constexpr std::size_t kKeyBytes = 16;  // RFC 6455 4.1
constexpr std::size_t kPingBytes = 8;
// What a backend may send of its own (a greeting, the first events) before the Pong. It is skipped, not kept.
constexpr std::size_t kMostBytesBeforePong = std::size_t{1024} * 1024;
constexpr std::uint16_t kNormalClosure = 1000;
constexpr int kSwitchingProtocols = 101;

template <std::size_t kBytes>
std::array<std::uint8_t, kBytes> random_array() {
  std::array<std::uint8_t, kBytes> bytes{};
  crypto::random_bytes(bytes);
  return bytes;
}

std::string random_text(std::size_t bytes) {
  std::string text(bytes, '\0');
  crypto::random_bytes({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return text;
}

bool is(const websocket::FrameHeader& header, Opcode opcode) noexcept {
  return header.opcode == static_cast<std::uint8_t>(opcode);
}

DialogueStep bad(std::string detail) {
  return {State::Bad, std::move(detail), {}};
}

//   AwaitingSwitch --101--> AwaitingPong --Pong--> good, Close is sent
//   any other answer, a broken frame, a Close, too many bytes: bad
class WebSocketDialogue final : public Dialogue {
 public:
  WebSocketDialogue(const settings::Health& rule, const Endpoint& endpoint)
      : request_(request_start(rule, endpoint)),
        key_(crypto::base64(random_array<kKeyBytes>())),
        ping_(random_text(kPingBytes)) {}

  std::string opening() override {
    return request_ +
           "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
           key_ + "\r\n\r\n";
  }

  DialogueStep on_bytes(std::string_view bytes) override {
    return is_open_ ? read_frames(bytes) : read_answer(bytes);
  }

 private:
  DialogueStep read_answer(std::string_view bytes) {
    switch (answer_.take(bytes)) {
      case AnswerHead::Found::NotYet:
        return {};
      case AnswerHead::Found::Malformed:
        return bad("malformed answer: " + std::string(answer_.fault()));
      case AnswerHead::Found::Complete:
        break;
    }
    if (answer_.head().status != kSwitchingProtocols) {
      return bad("status " + std::to_string(answer_.head().status) + " instead of a switch");
    }
    if (!websocket::is_valid_switch(answer_.head(), websocket::accept_for(key_), {})) {
      return bad("the switch does not fit the handshake");
    }
    is_open_ = true;
    DialogueStep step = read_frames(answer_.rest());
    if (step.state == State::Waiting) {
      websocket::append_frame(step.send, Opcode::Ping, ping_, random_array<websocket::kMaskBytes>());
    }
    return step;
  }

  DialogueStep read_frames(std::string_view bytes) {
    received_ += bytes.size();
    if (received_ > kMostBytesBeforePong) {
      return bad("too many bytes before the pong");
    }
    pending_.append(bytes);
    while (true) {
      skip();
      const auto parsed = websocket::parse_frame_header(bytes_of(pending_));
      if (parsed.step == websocket::HeaderStep::NeedMore) {
        return {};
      }
      const websocket::FrameHeader& header = parsed.header;
      // A server does not mask (RFC 6455 5.1), and no extension was offered.
      if (parsed.step == websocket::HeaderStep::Malformed || header.masked || header.rsv != 0) {
        return bad("malformed frame");
      }
      if (is(header, Opcode::Close)) {
        return bad("closed before the pong");
      }
      if (is(header, Opcode::Pong)) {
        if (pending_.size() < header.header_bytes + header.length) {
          return {};
        }
        if (payload_of(header) == ping_) {
          return say_goodbye();
        }
      }
      skip_left_ = header.header_bytes + header.length;
    }
  }

  [[nodiscard]] std::string_view payload_of(const websocket::FrameHeader& header) const {
    return std::string_view(pending_).substr(header.header_bytes, header.length);
  }

  void skip() {
    const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skip_left_, pending_.size()));
    pending_.erase(0, skipped);
    skip_left_ -= skipped;
  }

  [[nodiscard]] static DialogueStep say_goodbye() {
    DialogueStep step{State::Good, "pong", {}};
    websocket::append_close(step.send, kNormalClosure, {}, random_array<websocket::kMaskBytes>());
    return step;
  }

  std::string request_;
  std::string key_;
  std::string ping_;
  AnswerHead answer_;
  bool is_open_ = false;
  std::size_t received_ = 0;     // behind the head
  std::string pending_;          // from the begin of a frame; at most one read
  std::uint64_t skip_left_ = 0;  // bytes of a frame that does not matter, still to come
};

}  // namespace

std::unique_ptr<Dialogue> make_websocket_dialogue(const settings::Health& rule, const Endpoint& endpoint) {
  return std::make_unique<WebSocketDialogue>(rule, endpoint);
}

}  // namespace limpet::healthcheck
