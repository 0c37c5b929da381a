#include "settings/plain_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace limpet::settings {

namespace {

// Well-formed UTF-8 by its first byte (RFC 3629 4): the bounds of the second byte rule out overlong forms,
// surrogates and what lies beyond U+10FFFF; all later bytes are continuations.
struct Form {
  std::uint8_t first_low, first_high;
  std::uint8_t second_low, second_high;
  std::size_t length;
};
constexpr std::array kForms{
    Form{0xc2, 0xdf, 0x80, 0xbf, 2}, Form{0xe0, 0xe0, 0xa0, 0xbf, 3}, Form{0xe1, 0xec, 0x80, 0xbf, 3},
    Form{0xed, 0xed, 0x80, 0x9f, 3}, Form{0xee, 0xef, 0x80, 0xbf, 3}, Form{0xf0, 0xf0, 0x90, 0xbf, 4},
    Form{0xf1, 0xf3, 0x80, 0xbf, 4}, Form{0xf4, 0xf4, 0x80, 0x8f, 4},
};

constexpr std::uint8_t kDelete = 0x7f;
constexpr std::uint8_t kLastAscii = 0x7f;

bool is_between(char c, std::uint8_t low, std::uint8_t high) {
  const auto byte = static_cast<std::uint8_t>(c);
  return byte >= low && byte <= high;
}

// The length of the character at the front of a text that is not empty; 0 when it is none.
std::size_t character_length(std::string_view text) {
  if (is_between(text.front(), 0, kLastAscii)) {
    return 1;
  }
  const auto form = std::find_if(kForms.begin(), kForms.end(), [&](const Form& row) {
    return is_between(text.front(), row.first_low, row.first_high);
  });
  if (form == kForms.end() || text.size() < form->length ||
      !is_between(text[1], form->second_low, form->second_high)) {
    return 0;
  }
  const std::string_view rest = text.substr(2, form->length - 2);
  const bool continues =
      std::all_of(rest.begin(), rest.end(), [](char c) { return is_between(c, 0x80, 0xbf); });
  return continues ? form->length : 0;
}

bool is_control(char c) {
  return is_between(c, 0, ' ' - 1) || is_between(c, kDelete, kDelete);
}

}  // namespace

std::optional<std::size_t> find_non_text(std::string_view text, Layout layout) {
  const std::string_view allowed = layout == Layout::Lines ? "\n\r\t" : "";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_length(text.substr(at));
    if (length == 0 || (is_control(text[at]) && allowed.find(text[at]) == std::string_view::npos)) {
      return at;
    }
    at += length;
  }
  return std::nullopt;
}

}  // namespace limpet::settings
