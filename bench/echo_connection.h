// One connection of the echo backend: plain GETs until an upgrade, then WebSocket messages, which are sent
// back, streamed or fanned out as the path of the upgrade said. Used by one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "bench/sockets.h"
#include "bench/wire.h"

namespace limpet::bench {

// Turns the frames of a client into the frames to answer with: data comes back unmasked, a ping as a pong, a
// Close as a Close. Takes its input in any pieces.
class FrameEcho {
 public:
  // Appends the answers to `out`; `bytes` are used up (and changed). False when a frame breaks RFC 6455 or is
  // too large.
  [[nodiscard]] bool consume(std::span<char> bytes, std::string& out);
  [[nodiscard]] bool between_frames() const noexcept { return have_ == 0 && remaining_ == 0; }
  // Of the last frame that began.
  [[nodiscard]] std::uint64_t payload_bytes() const noexcept { return offset_ + remaining_; }
  // A Close was answered: nothing follows.
  [[nodiscard]] bool closed() const noexcept { return closed_ && between_frames(); }

 private:
  static constexpr std::size_t kMaxHeaderBytes = 14;

  [[nodiscard]] std::size_t header_bytes_needed() const noexcept;
  [[nodiscard]] bool take_header(std::span<char>& bytes, std::string& out);
  [[nodiscard]] bool begin_payload(std::string& out);
  void take_payload(std::span<char>& bytes, std::string& out);

  std::array<std::uint8_t, kMaxHeaderBytes> header_{};
  std::size_t have_ = 0;         // bytes in header_; 0 once the payload began
  std::uint64_t remaining_ = 0;  // payload bytes still to come
  std::uint64_t offset_ = 0;     // payload bytes seen
  MaskKey mask_{};
  bool closed_ = false;
};

enum class Role : std::uint8_t { Echo, Stream, FanOut };

class EchoConnection {
 public:
  explicit EchoConnection(Fd socket) noexcept : socket_(std::move(socket)) {}

  // Both answer false when the connection is over. A stream is never flushed: each call sends to the end of
  // one message at most.
  [[nodiscard]] bool on_readable(std::span<char> scratch);
  [[nodiscard]] bool flush();
  // While true, wait for room instead of input.
  [[nodiscard]] bool is_blocked() const noexcept { return is_blocked_; }
  [[nodiscard]] const Fd& socket() const noexcept { return socket_; }

  [[nodiscard]] bool is_in_fan_out() const noexcept { return role_ == Role::FanOut; }
  // In a fan-out: the message that came, as it is to be sent to each session; empty while none is whole.
  [[nodiscard]] std::string take_message();
  // Sends a message as far as there is room.
  [[nodiscard]] bool send(std::string_view message);

 private:
  [[nodiscard]] bool take_requests();
  [[nodiscard]] bool take_frames(std::span<char> bytes);
  void answer(std::string_view head);

  Fd socket_;
  std::string head_;  // the part of a request head that has come
  std::string out_;   // answers that wait for the end of their frame or for room
  std::size_t sent_ = 0;
  bool is_blocked_ = false;  // flush left something; a message that is not whole yet waits unflushed
  FrameEcho echo_;
  Role role_ = Role::Echo;
  bool upgraded_ = false;
  bool is_streaming_ = false;  // out_ is the message
  bool has_message_ = false;   // out_ is what take_message is to answer
  bool ends_after_flush_ = false;
};

}  // namespace limpet::bench
