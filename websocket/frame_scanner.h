// FrameScanner: follows the frame boundaries of one direction of a tunnel by reading frame headers alone,
// over any segmentation, without unmasking or changing a byte (RFC 6455 5.2). Four to six ns a frame. Pure.
// Worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace limpet::websocket {

class FrameScanner {
 public:
  FrameScanner() = default;

  // Looks at the next bytes of the direction. Payload bytes are skipped, not read.
  void observe(std::span<const std::uint8_t> bytes) noexcept;
  // The same, but not beyond the end of the frame under way; answers how many of the bytes were looked at:
  // none between frames, all while the frame goes on, and no more than its header when that loses the
  // boundaries.
  [[nodiscard]] std::size_t observe_to_boundary(std::span<const std::uint8_t> bytes) noexcept;
  // The same, but up to where no message is under way.
  [[nodiscard]] std::size_t observe_to_message_end(std::span<const std::uint8_t> bytes) noexcept;

  // No frame is under way: a control frame could be put here.
  [[nodiscard]] bool between_frames() const noexcept;
  // No message is under way either: a data frame could be put here.
  [[nodiscard]] bool between_messages() const noexcept;
  // Payload bytes of the current frame that have not passed yet.
  [[nodiscard]] std::uint64_t payload_left() const noexcept;
  // Data messages that have passed completely.
  [[nodiscard]] std::uint32_t messages() const noexcept;
  // The opcode of a Close frame's header has passed.
  [[nodiscard]] bool close_seen() const noexcept;
  // A Close frame has passed whole, and nothing has begun behind it.
  [[nodiscard]] bool has_ended() const noexcept;
  // The header broke RFC 6455 5.2 (a length with its top bit set): boundaries are no longer known, nothing
  // may be injected; bytes pass on unchanged all the same.
  [[nodiscard]] bool lost() const noexcept;

 private:
  //   Opcode -> Length -> [ExtendedLength] -> [Mask] -> Payload -> Opcode ...
  //   any state of the length -> Lost
  enum class State : std::uint8_t { Opcode, Length, ExtendedLength, Mask, Payload, Lost };

  // Each takes a part of the bytes and answers how many; at least one when its condition holds.
  std::size_t take_whole_frames(std::span<const std::uint8_t> bytes) noexcept;
  std::size_t take_header_byte(std::uint8_t byte) noexcept;
  std::size_t take_payload(std::size_t available) noexcept;
  void begin_frame(std::uint8_t first_byte) noexcept;
  void end_length() noexcept;
  void enter_payload() noexcept;
  void end_frame() noexcept;

  std::uint64_t payload_left_ = 0;  // in ExtendedLength: what has been read of the length
  std::uint32_t messages_ = 0;
  State state_ = State::Opcode;
  std::uint8_t first_byte_ = 0;   // FIN, RSV and opcode of the current frame
  std::uint8_t header_left_ = 0;  // in ExtendedLength and Mask: bytes of that part still to come
  bool masked_ = false;
  bool in_message_ = false;  // a fragment without FIN has passed and its message goes on
  bool close_seen_ = false;
};

// One scanner a direction lives in every idle tunnel.
static_assert(sizeof(FrameScanner) <= 32);

}  // namespace limpet::websocket
