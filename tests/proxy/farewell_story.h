// A session over memory that is sent away while its ends go on, and the words they use.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"
#include "tests/simulation/open_session.h"
#include "websocket/frame_codec.h"

namespace limpet::test {

using namespace std::chrono_literals;

inline const std::string kOurClose("\x88\x11\x03\xf4service restart", 19);
inline const std::string kClientClose("\x88\x82\0\0\0\0\x03\xe8", 8);
inline const std::string kBackendClose("\x88\x02\x03\xe8", 4);
inline constexpr std::size_t kMaskedCloseBytes = 23;

inline std::string from_client(std::string_view payload) {
  std::string bytes;
  websocket::append_frame(bytes, websocket::Opcode::Binary, payload, websocket::Mask{1, 2, 3, 4});
  return bytes;
}

inline std::string from_backend(std::string_view payload) {
  std::string bytes;
  websocket::append_frame(bytes, websocket::Opcode::Binary, payload);
  return bytes;
}

// The payload of a masked Close, code and reason; empty when `bytes` is anything else.
inline std::string read_masked_close(std::string_view bytes) {
  std::string copy(bytes);
  const auto parsed = websocket::parse_frame_header(bytes_of(copy));
  const websocket::FrameHeader& header = parsed.header;
  if (parsed.step != websocket::HeaderStep::Complete || !header.masked ||
      header.opcode != static_cast<std::uint8_t>(websocket::Opcode::Close) ||
      copy.size() != header.header_bytes + header.length) {
    return {};
  }
  std::string payload = copy.substr(header.header_bytes);
  websocket::apply_mask({reinterpret_cast<std::uint8_t*>(payload.data()), payload.size()}, header.mask);
  return payload;
}

struct FarewellStory {
  static constexpr Duration kGrace = std::chrono::seconds(30);

  SimulatedProxy proxy{1};
  OpenSession session{proxy};
  MemoryPipe& client = *session.client;
  MemoryPipe& backend = *session.backend;

  void settle() { REQUIRE(proxy.loop().settle()); }
  void client_sends(std::string_view bytes) { say(client, bytes); }
  void backend_sends(std::string_view bytes) { say(backend, bytes); }
  void end(MemoryPipe& pipe) {
    pipe.fin = true;
    settle();
  }
  void reset(MemoryPipe& pipe) {
    pipe.reset = true;
    settle();
  }
  void reads_on(MemoryPipe& pipe) {
    pipe.room = MemoryPipe::kUnlimited;
    settle();
  }
  void wait(Duration time) { REQUIRE(proxy.loop().advance(time)); }
  proxy::SentAway send_away(Duration grace = kGrace) {
    const proxy::SentAway answer =
        proxy.send_away({.backend = 1, .most = SimulatedProxy::kEverybody, .grace = grace});
    settle();
    return answer;
  }
  // Everything that the backend was sent is `before` and our masked Close.
  [[nodiscard]] bool backend_was_told(std::string_view before = {}) const {
    const std::string_view all = backend.from_proxy;
    return all.starts_with(before) && read_masked_close(all.substr(before.size())) == kOurClose.substr(2);
  }
  // It is over, for `reason`, once; `cut` says how.
  void expect_end(CloseReason reason, bool cut = false) {
    CHECK(client.closed);
    CHECK(backend.closed);
    CHECK(proxy.counters().ends(reason) == 1);
    CHECK(proxy.counters().get(Counter::SessionsEnded) == 1);
    CHECK(proxy.counters().get(Counter::CutShort) == (cut ? 1 : 0));
    CHECK(proxy.fault_at_the_end().empty());
  }
  void expect_live() {
    CHECK_FALSE(client.closed);
    CHECK_FALSE(backend.closed);
    CHECK(proxy.fault().empty());
  }

 private:
  void say(MemoryPipe& pipe, std::string_view bytes) {
    pipe.to_proxy += bytes;
    settle();
  }
};

}  // namespace limpet::test
