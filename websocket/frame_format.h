// The bits of a frame header (RFC 6455 5.2). Pure. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace limpet::websocket {

//   byte 0: FIN RSV1 RSV2 RSV3 opcode(4)    byte 1: MASK length(7)    then 0, 2 or 8 bytes of length, 0 or 4
//   of mask
inline constexpr std::uint8_t kFinBit = 0x80;
inline constexpr std::uint8_t kRsvBits = 0x70;
inline constexpr std::uint8_t kOpcodeBits = 0x0f;
inline constexpr std::uint8_t kControlBit = 0x08;  // of the opcode
inline constexpr std::uint8_t kMaskBit = 0x80;
inline constexpr std::uint8_t kLengthBits = 0x7f;

inline constexpr std::uint8_t kLength16 = 126;  // two bytes of length follow
inline constexpr std::uint8_t kLength64 = 127;  // eight bytes of length follow
inline constexpr std::uint64_t kLengthTopBit = std::uint64_t{1} << 63U;

inline constexpr std::size_t kShortHeaderBytes = 2;
inline constexpr std::size_t kMaskBytes = 4;
inline constexpr std::size_t kMaxHeaderBytes = 14;

enum class Opcode : std::uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

// Bytes of length behind the second byte, for its length bits.
[[nodiscard]] constexpr std::size_t extended_length_bytes(std::uint8_t length_bits) noexcept {
  if (length_bits == kLength16) {
    return 2;
  }
  return length_bits == kLength64 ? 8 : 0;
}

}  // namespace limpet::websocket
