// The character classes that HTTP/1.x heads are made of, as one table of bits. Pure. Any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace limpet::http {

using CharacterClass = std::uint8_t;

inline constexpr CharacterClass kTokenChar = 1;    // tchar (RFC 9110 5.6.2)
inline constexpr CharacterClass kTextChar = 2;     // HTAB, SP, VCHAR, obs-text: field values, reason phrases
inline constexpr CharacterClass kTargetChar = 4;   // VCHAR without '#': what may stand in a request target
inline constexpr CharacterClass kRegNameChar = 8;  // unreserved, sub-delims and '%' (RFC 3986 3.2.2)
inline constexpr CharacterClass kHexDigit = 16;

namespace detail {

constexpr bool is_one_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

constexpr std::array<CharacterClass, 256> character_table() {
  std::array<CharacterClass, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    const char c = static_cast<char>(static_cast<std::uint8_t>(i));
    const bool digit = i >= '0' && i <= '9';
    const bool alphanumeric = digit || (i >= 'a' && i <= 'z') || (i >= 'A' && i <= 'Z');
    const bool visible = i > ' ' && i < 0x7f;
    CharacterClass classes = 0;
    if (alphanumeric || is_one_of(c, "!#$%&'*+-.^_`|~")) {
      classes |= kTokenChar;
    }
    if (visible || c == ' ' || c == '\t' || i >= 0x80) {
      classes |= kTextChar;
    }
    if (visible && c != '#') {
      classes |= kTargetChar;
    }
    if (alphanumeric || is_one_of(c, "-._~!$&'()*+,;=%")) {
      classes |= kRegNameChar;
    }
    if (digit || (i >= 'a' && i <= 'f') || (i >= 'A' && i <= 'F')) {
      classes |= kHexDigit;
    }
    table[i] = classes;
  }
  return table;
}

inline constexpr std::array<CharacterClass, 256> kCharacters = character_table();

}  // namespace detail

[[nodiscard]] constexpr bool is_in_class(char c, CharacterClass wanted) noexcept {
  return (detail::kCharacters[static_cast<std::uint8_t>(c)] & wanted) != 0;
}

// True for the empty text too.
[[nodiscard]] constexpr bool all_in_class(std::string_view text, CharacterClass wanted) noexcept {
  return std::all_of(text.begin(), text.end(), [wanted](char c) { return is_in_class(c, wanted); });
}

[[nodiscard]] constexpr bool is_token(std::string_view text) noexcept {
  return !text.empty() && all_in_class(text, kTokenChar);
}

}  // namespace limpet::http
