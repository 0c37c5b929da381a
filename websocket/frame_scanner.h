// FrameScanner: follows the frame boundaries of one direction of a tunnel by reading frame headers alone,
// over any segmentation, without unmasking or changing a byte (RFC 6455 5.2), but for the code of a Close;
// and counts what it follows. Four to six ns a frame. Pure. Worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/frame_tally.h"

namespace limpet::websocket {

class FrameScanner {
 public:
  FrameScanner() = default;

  // Looks at the next bytes of the direction, and counts in `tally`. Payload bytes are skipped, not read.
  void observe(std::span<const std::uint8_t> bytes, FrameTally& tally) noexcept;
  // The same, but not beyond the end of the frame under way; answers how many of the bytes were looked at:
  // none between frames, all while the frame goes on, and no more than its header when that loses the
  // boundaries.
  [[nodiscard]] std::size_t observe_to_boundary(std::span<const std::uint8_t> bytes,
                                                FrameTally& tally) noexcept;
  // The same, but up to where no message is under way.
  [[nodiscard]] std::size_t observe_to_message_end(std::span<const std::uint8_t> bytes,
                                                   FrameTally& tally) noexcept;

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
  // What the first Close says (RFC 6455 7.4); 0 while its code has not passed, and for good when it has none.
  [[nodiscard]] std::uint16_t close_code() const noexcept;
  // A Close frame has passed whole, and nothing has begun behind it.
  [[nodiscard]] bool has_ended() const noexcept;
  // The header broke RFC 6455 5.2 (a length with its top bit set): boundaries are no longer known, nothing
  // may be injected; bytes pass on unchanged all the same.
  [[nodiscard]] bool lost() const noexcept;

 private:
  //   Opcode -> Length -> [ExtendedLength] -> [Mask] -> [CloseCode] -> Payload -> Opcode ...
  //   any state of the length -> Lost
  enum class State : std::uint8_t { Opcode, Length, ExtendedLength, Mask, CloseCode, Payload, Lost };

  // Each takes a part of the bytes and answers how many; at least one when its condition holds.
  std::size_t take_whole_frames(std::span<const std::uint8_t> bytes, FrameTally& tally) noexcept;
  std::size_t take_one(std::span<const std::uint8_t> bytes, FrameTally& tally) noexcept;
  void take_header_byte(std::uint8_t byte, FrameTally& tally) noexcept;
  std::size_t take_payload(std::size_t available, FrameTally& tally) noexcept;
  void take_close_code(std::uint8_t byte, FrameTally& tally) noexcept;
  void begin_frame(std::uint8_t first_byte, FrameTally& tally) noexcept;
  void note_length(std::uint64_t length) noexcept;
  void end_length(FrameTally& tally) noexcept;
  void enter_payload(FrameTally& tally) noexcept;
  void end_frame(FrameTally& tally) noexcept;
  [[nodiscard]] bool is_close() const noexcept;

  std::uint64_t payload_left_ = 0;  // in ExtendedLength: what has been read of the length
  std::uint32_t messages_ = 0;
  std::uint32_t message_bytes_ = 0;  // payload of the message under way; stays at the most there is
  std::uint16_t close_code_ = 0;  // until it has passed whole: the begin of the mask, which it is laid over
  State state_ = State::Opcode;
  std::uint8_t first_byte_ = 0;   // FIN, RSV and opcode of the current frame; no Close if it is not the first
  std::uint8_t header_left_ = 0;  // in ExtendedLength, Mask and CloseCode: bytes of that part still to come
  bool masked_ = false;
  bool in_message_ = false;  // a fragment without FIN has passed and its message goes on
  bool close_seen_ = false;
};

// One scanner a direction lives in every idle tunnel.
static_assert(sizeof(FrameScanner) <= 24);

}  // namespace limpet::websocket
