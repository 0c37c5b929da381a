// Bytes as hexadecimal digits, two each, without a string of their own (base/text.h has hex() for one).
// Pure. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace limpet {

// In lower case; `out` takes twice as many.
inline void write_hex(std::span<const std::uint8_t> bytes, char* out) noexcept {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const std::uint8_t byte : bytes) {
    *out++ = kDigits[byte >> 4U];
    *out++ = kDigits[byte & 0xfU];
  }
}

// Fills `out` from digits of either case. False, and `out` is not defined, where `digits` are not two for
// each byte of it.
[[nodiscard]] bool read_hex(std::string_view digits, std::span<std::uint8_t> out) noexcept;

}  // namespace limpet
