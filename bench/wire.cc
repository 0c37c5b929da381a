#include "bench/wire.h"

#include <algorithm>
#include <cstring>

#include "base/crypto.h"
#include "base/text.h"

namespace limpet::bench {

namespace {

constexpr std::string_view kHandshakeGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr unsigned kBitsPerByte = 8;

void append_big_endian(std::string& out, std::uint64_t value, unsigned width_bytes) {
  for (unsigned i = width_bytes; i-- > 0;) {
    out.push_back(static_cast<char>(static_cast<std::uint8_t>(value >> (i * kBitsPerByte))));
  }
}

}  // namespace

std::string accept_key(std::string_view key) {
  return crypto::base64(crypto::sha1(std::string(key).append(kHandshakeGuid)));
}

void append_frame_header(std::string& out, std::uint8_t first_byte, std::uint64_t payload_bytes,
                         const std::optional<MaskKey>& mask) {
  const std::uint8_t mask_bit = mask ? kMaskBit : 0;
  const auto push = [&out](unsigned byte) { out.push_back(static_cast<char>(byte)); };
  push(first_byte);
  if (payload_bytes < kLength16) {
    push(mask_bit | static_cast<unsigned>(payload_bytes));
  } else if (payload_bytes <= UINT16_MAX) {
    push(mask_bit | unsigned{kLength16});
    append_big_endian(out, payload_bytes, sizeof(std::uint16_t));
  } else {
    push(mask_bit | unsigned{kLength64});
    append_big_endian(out, payload_bytes, sizeof(std::uint64_t));
  }
  if (mask) {
    for (const std::uint8_t byte : *mask) {
      push(byte);
    }
  }
}

std::string make_frame(Opcode opcode, std::string_view payload, const std::optional<MaskKey>& mask) {
  std::string frame;
  append_frame_header(frame, static_cast<std::uint8_t>(kFinBit | static_cast<unsigned>(opcode)),
                      payload.size(), mask);
  const std::size_t header_bytes = frame.size();
  frame.append(payload);
  if (mask) {
    apply_mask(std::span(frame).subspan(header_bytes), *mask, 0);
  }
  return frame;
}

void apply_mask(std::span<char> bytes, const MaskKey& mask, std::uint64_t offset) noexcept {
  // Eight bytes a step: byte by byte, the echo backend would take longer over large frames than the proxy
  // does.
  std::array<std::uint8_t, sizeof(std::uint64_t)> pattern{};
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    pattern[i] = mask[(offset + i) % mask.size()];
  }
  std::uint64_t pattern_word = 0;
  std::memcpy(&pattern_word, pattern.data(), sizeof(pattern_word));
  std::size_t at = 0;
  for (; at + sizeof(pattern_word) <= bytes.size(); at += sizeof(pattern_word)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof(word));
    word ^= pattern_word;
    std::memcpy(bytes.data() + at, &word, sizeof(word));
  }
  for (; at < bytes.size(); ++at) {
    bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(pattern[at % pattern.size()]));
  }
}

void write_number(std::span<char> payload, std::uint64_t number) noexcept {
  std::memcpy(payload.data(), &number, std::min(payload.size(), sizeof(number)));
}

std::uint64_t read_number(std::span<const char> payload) noexcept {
  std::uint64_t number = 0;
  std::memcpy(&number, payload.data(), std::min(payload.size(), sizeof(number)));
  return number;
}

std::size_t head_length(std::string_view bytes) noexcept {
  const auto end = bytes.find(kHeadEnd);
  return end == std::string_view::npos ? 0 : end + kHeadEnd.size();
}

std::string_view header_value(std::string_view head, std::string_view name) noexcept {
  static_cast<void>(take_until(head, '\n'));  // the request or status line
  while (!head.empty()) {
    std::string_view value = take_until(head, '\n');
    const std::string_view found = take_until(value, ':');
    if (iequals(found, name)) {
      if (value.ends_with('\r')) {
        value.remove_suffix(1);
      }
      return trim_ows(value);
    }
  }
  return {};
}

}  // namespace limpet::bench
