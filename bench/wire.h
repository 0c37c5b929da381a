// The bytes both ends of a measurement agree on: handshake, frames (RFC 6455 5.2), heads, the small body.
// Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace limpet::bench {

using MaskKey = std::array<std::uint8_t, 4>;

enum class Opcode : std::uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

inline constexpr std::uint8_t kFinBit = 0x80;
inline constexpr std::uint8_t kOpcodeBits = 0x0f;
inline constexpr std::uint8_t kMaskBit = 0x80;
inline constexpr std::uint8_t kLengthBits = 0x7f;
// The two values of the length field that announce a 16-bit or a 64-bit length behind it.
inline constexpr std::uint8_t kLength16 = 126;
inline constexpr std::uint8_t kLength64 = 127;

// What the backend does with the messages of a session, by the path of its upgrade request: sends each back;
// sends the first again and again, numbered upwards; sends each to every session of this path.
inline constexpr std::string_view kEchoPath = "/echo";
inline constexpr std::string_view kStreamPath = "/stream";
inline constexpr std::string_view kFanOutPath = "/fan-out";

// What the echo backend answers to a GET, and what the load tool expects.
inline constexpr std::string_view kSmallBody =
    "limpet bench: a small body of one hundred and twenty-eight bytes, sent for each plain GET and compared "
    "byte by byte on arrival.\n";
static_assert(kSmallBody.size() == 128);

// Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455 4.2.2).
[[nodiscard]] std::string accept_key(std::string_view key);

// Appends the two to fourteen bytes before a payload; with a mask key for a frame sent by a client.
void append_frame_header(std::string& out, std::uint8_t first_byte, std::uint64_t payload_bytes,
                         const std::optional<MaskKey>& mask = std::nullopt);
// One whole, final frame.
[[nodiscard]] std::string make_frame(Opcode opcode, std::string_view payload,
                                     const std::optional<MaskKey>& mask = std::nullopt);

// Masks or unmasks in place; `offset` is the position of the first byte in its payload.
void apply_mask(std::span<char> bytes, const MaskKey& mask, std::uint64_t offset) noexcept;

// The first eight bytes of a payload number it, as far as it has them.
void write_number(std::span<char> payload, std::uint64_t number) noexcept;
[[nodiscard]] std::uint64_t read_number(std::span<const char> payload) noexcept;

// The bytes of a head with the empty line that ends it; 0 while that has not come.
[[nodiscard]] std::size_t head_length(std::string_view bytes) noexcept;
// The value of the first header of that name, without spaces around it; empty when there is none.
[[nodiscard]] std::string_view header_value(std::string_view head, std::string_view name) noexcept;

}  // namespace limpet::bench
