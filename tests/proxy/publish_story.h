// A session over memory into which messages are published while its ends go on.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tests/proxy/farewell_story.h"

namespace limpet::test {

inline proxy::FramePtr frame_of(std::string_view text) {
  std::string frame;
  websocket::append_frame(frame, websocket::Opcode::Text, text);
  return std::make_shared<const std::string>(std::move(frame));
}

inline std::string bytes(std::string_view text) {
  return *frame_of(text);
}

// A frame of the backend that is not a whole message: `first_byte` says which.
inline std::string fragment(char first_byte, std::string_view payload) {
  std::string frame = from_backend(payload);
  frame[0] = first_byte;
  return frame;
}
inline constexpr char kBegin = '\x02';
inline constexpr char kMiddle = '\x00';
inline constexpr char kLast = '\x80';
inline constexpr char kPing = '\x89';
inline constexpr char kCompressed = '\xc1';  // RSV1: permessage-deflate

inline constexpr std::size_t kQueue = 1000;

struct PublishStory : FarewellStory {
  using Offer = proxy::Tunnel::Offer;

  Offer publish(std::string_view text, std::size_t queue_bytes = kQueue) {
    const Offer offer = proxy.context().sessions.at(0)->publish(frame_of(text), queue_bytes);
    settle();
    return offer;
  }
  void client_stops_reading(std::size_t after = 0) { client.room = after; }
  [[nodiscard]] std::uint64_t sent() const { return proxy.counters().get(Counter::PublishedSent); }
  [[nodiscard]] std::uint64_t dropped() const { return proxy.counters().get(Counter::PublishedDropped); }
};

}  // namespace limpet::test
