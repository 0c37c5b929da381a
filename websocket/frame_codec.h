// Reading and writing single frames (RFC 6455 5.2, 5.5), strictly: for the ends of a connection (echo
// backends, probes, a Close that limpet puts into a tunnel), not for relaying. Pure. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "websocket/frame_format.h"

namespace limpet::websocket {

using Mask = std::array<std::uint8_t, kMaskBytes>;

struct FrameHeader {
  bool fin = false;
  std::uint8_t rsv =
      0;  // RSV1 to RSV3 as the low three bits; without an extension anything but 0 is an error
  std::uint8_t opcode = 0;  // one of Opcode
  bool masked = false;
  std::uint64_t length = 0;  // bytes of payload
  Mask mask{};               // zeros unless masked
  std::size_t header_bytes = 0;
};

enum class HeaderStep : std::uint8_t {
  Complete,
  NeedMore,   // nothing is wrong so far
  Malformed,  // a reserved opcode, a length not in its shortest form or with its top bit set, or a control
              // frame that is a fragment or longer than 125 bytes
};
struct ParsedHeader {
  HeaderStep step = HeaderStep::NeedMore;
  FrameHeader header;  // valid when Complete
};
// Reads the header at the front of `bytes`. Whether a frame has to be masked depends on its sender: the
// caller's rule.
[[nodiscard]] ParsedHeader parse_frame_header(std::span<const std::uint8_t> bytes) noexcept;

[[nodiscard]] bool is_control(std::uint8_t opcode) noexcept;

// Appends one frame with FIN. Requires at most 125 bytes of payload for a control frame.
void append_frame(std::string& out, Opcode opcode, std::string_view payload,
                  const std::optional<Mask>& mask = std::nullopt);
// Appends a Close. A reason longer than 123 bytes is cut before the character that does not fit.
void append_close(std::string& out, std::uint16_t code, std::string_view reason,
                  const std::optional<Mask>& mask = std::nullopt);

// Masks or unmasks `payload` in place. `offset`: where in the frame's payload its first byte stands.
void apply_mask(std::span<std::uint8_t> payload, const Mask& mask, std::uint64_t offset = 0) noexcept;

}  // namespace limpet::websocket
