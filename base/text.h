// Small questions about text. ASCII only: protocol text is never subject to a locale. Any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace limpet {

[[nodiscard]] constexpr char ascii_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
[[nodiscard]] constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

// The bytes of a text, borrowed.
[[nodiscard]] inline std::span<const std::uint8_t> bytes_of(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Equal without regard to ASCII case.
[[nodiscard]] constexpr bool iequals(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}
[[nodiscard]] std::string to_lower(std::string_view text);
// Without the spaces and tabs (RFC 9110 OWS) at both ends.
[[nodiscard]] std::string_view trim_ows(std::string_view text) noexcept;
// Takes the part before the first `separator` off the front of `rest` (all of it when there is none).
[[nodiscard]] std::string_view take_until(std::string_view& rest, char separator) noexcept;
[[nodiscard]] std::string hex(std::span<const std::uint8_t> bytes);
// The length of the UTF-8 character (RFC 3629 4) at the front of a text that is not empty; 0 when it is none.
[[nodiscard]] std::size_t utf8_length(std::string_view text) noexcept;
// Appends `text` as the inside of a JSON string (RFC 8259 7); bytes that are not UTF-8 become U+FFFD.
void append_json_escaped(std::string& out, std::string_view text);
// The number of single-character edits between two words; for "did you mean".
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace limpet
