#include "websocket/frame_codec.h"

#include <algorithm>

#include "base/assert.h"

namespace limpet::websocket {

namespace {

constexpr unsigned kByteBits = 8;
constexpr unsigned kRsvShift = 4;
constexpr std::size_t kMaxControlPayload = 125;
constexpr std::size_t kCloseCodeBytes = 2;
constexpr std::uint64_t kMax16 = 0xffff;

constexpr std::array kOpcodes{Opcode::Continuation, Opcode::Text, Opcode::Binary,
                              Opcode::Close,        Opcode::Ping, Opcode::Pong};

bool first_byte_is_valid(std::uint8_t byte) noexcept {
  const auto opcode = static_cast<std::uint8_t>(byte & kOpcodeBits);
  const bool is_known =
      std::find(kOpcodes.begin(), kOpcodes.end(), static_cast<Opcode>(opcode)) != kOpcodes.end();
  return is_known && (!is_control(opcode) || (byte & kFinBit) != 0);
}

// Requires the bytes of the extended length; none when it is not the shortest form or has its top bit set.
std::optional<std::uint64_t> read_length(std::uint8_t length_bits,
                                         std::span<const std::uint8_t> extended) noexcept {
  if (extended.empty()) {
    return length_bits;
  }
  std::uint64_t length = 0;
  for (const std::uint8_t byte : extended) {
    length = length << kByteBits | byte;
  }
  const std::uint64_t least = length_bits == kLength16 ? kLength16 : kMax16 + 1;
  return length < least || (length & kLengthTopBit) != 0 ? std::nullopt : std::optional(length);
}

ParsedHeader malformed() noexcept {
  return {.step = HeaderStep::Malformed, .header = {}};
}

void append_byte(std::string& out, std::uint64_t byte) {
  out += static_cast<char>(static_cast<std::uint8_t>(byte));
}

void append_big_endian(std::string& out, std::uint64_t number, std::size_t bytes) {
  for (std::size_t left = bytes; left > 0; --left) {
    append_byte(out, number >> (kByteBits * (left - 1)));
  }
}

void append_header(std::string& out, Opcode opcode, std::uint64_t length, const std::optional<Mask>& mask) {
  append_byte(out, kFinBit | static_cast<std::uint64_t>(opcode));
  const std::uint64_t mask_bit = mask ? kMaskBit : 0;
  if (length < kLength16) {
    append_byte(out, mask_bit | length);
  } else {
    const std::uint8_t length_bits = length <= kMax16 ? kLength16 : kLength64;
    append_byte(out, mask_bit | length_bits);
    append_big_endian(out, length, extended_length_bytes(length_bits));
  }
  if (mask) {
    std::for_each(mask->begin(), mask->end(), [&out](std::uint8_t byte) { append_byte(out, byte); });
  }
}

// At most `limit` bytes of UTF-8 text without half a character at the end.
std::string_view cut_text(std::string_view text, std::size_t limit) noexcept {
  constexpr std::uint8_t kTopBits = 0xc0;
  constexpr std::uint8_t kContinuationByte = 0x80;
  if (text.size() <= limit) {
    return text;
  }
  while (limit > 0 && (static_cast<std::uint8_t>(text[limit]) & kTopBits) == kContinuationByte) {
    --limit;
  }
  return text.substr(0, limit);
}

std::span<std::uint8_t> bytes_from(std::string& out, std::size_t start) noexcept {
  return {reinterpret_cast<std::uint8_t*>(out.data()) + start, out.size() - start};
}

}  // namespace

bool is_control(std::uint8_t opcode) noexcept {
  return (opcode & kControlBit) != 0;
}

ParsedHeader parse_frame_header(std::span<const std::uint8_t> bytes) noexcept {
  if (!bytes.empty() && !first_byte_is_valid(bytes[0])) {
    return malformed();
  }
  if (bytes.size() < kShortHeaderBytes) {
    return {};
  }
  FrameHeader header{.fin = (bytes[0] & kFinBit) != 0,
                     .rsv = static_cast<std::uint8_t>((bytes[0] & kRsvBits) >> kRsvShift),
                     .opcode = static_cast<std::uint8_t>(bytes[0] & kOpcodeBits),
                     .masked = (bytes[1] & kMaskBit) != 0};
  const auto length_bits = static_cast<std::uint8_t>(bytes[1] & kLengthBits);
  if (is_control(header.opcode) && length_bits > kMaxControlPayload) {
    return malformed();
  }
  const std::size_t extended = extended_length_bytes(length_bits);
  const std::size_t mask_at = kShortHeaderBytes + extended;
  if (bytes.size() < mask_at) {
    return {};
  }
  const auto length = read_length(length_bits, bytes.subspan(kShortHeaderBytes, extended));
  if (!length) {
    return malformed();
  }
  header.length = *length;
  header.header_bytes = mask_at + (header.masked ? kMaskBytes : 0);
  if (bytes.size() < header.header_bytes) {
    return {};
  }
  if (header.masked) {
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(mask_at), kMaskBytes, header.mask.begin());
  }
  return {.step = HeaderStep::Complete, .header = header};
}

void append_frame(std::string& out, Opcode opcode, std::string_view payload,
                  const std::optional<Mask>& mask) {
  LIMPET_ASSERT(!is_control(static_cast<std::uint8_t>(opcode)) || payload.size() <= kMaxControlPayload,
                "a control frame has at most 125 bytes of payload");
  append_header(out, opcode, payload.size(), mask);
  const std::size_t start = out.size();
  out.append(payload);
  if (mask) {
    apply_mask(bytes_from(out, start), *mask);
  }
}

void append_close(std::string& out, std::uint16_t code, std::string_view reason,
                  const std::optional<Mask>& mask) {
  const std::string_view text = cut_text(reason, kMaxControlPayload - kCloseCodeBytes);
  append_header(out, Opcode::Close, kCloseCodeBytes + text.size(), mask);
  const std::size_t start = out.size();
  append_big_endian(out, code, kCloseCodeBytes);
  out.append(text);
  if (mask) {
    apply_mask(bytes_from(out, start), *mask);
  }
}

void apply_mask(std::span<std::uint8_t> payload, const Mask& mask, std::uint64_t offset) noexcept {
  for (std::uint8_t& byte : payload) {
    byte ^= mask[offset++ % kMaskBytes];
  }
}

}  // namespace limpet::websocket
