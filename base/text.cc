#include "base/text.h"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <vector>

#include "base/hex.h"

namespace limpet {

std::string to_lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), ascii_lower);
  return lower;
}

std::string_view trim_ows(std::string_view text) noexcept {
  const auto is_white = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_white(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_white(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

std::string_view take_until(std::string_view& rest, char separator) noexcept {
  const auto at = rest.find(separator);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + 1);
  return part;
}

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text(bytes.size() * 2, '\0');
  write_hex(bytes, text.data());
  return text;
}

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

constexpr std::uint8_t kLastAscii = 0x7f;

bool is_between(char c, std::uint8_t low, std::uint8_t high) {
  const auto byte = static_cast<std::uint8_t>(c);
  return byte >= low && byte <= high;
}

}  // namespace

std::size_t utf8_length(std::string_view text) noexcept {
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

void append_json_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t length = utf8_length(text);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<std::uint8_t>(c) < 0x20 || c == 0x7f) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x",
                    static_cast<unsigned>(static_cast<std::uint8_t>(c)));
      out += escape.data();
    } else if (length == 0) {
      out += "\xef\xbf\xbd";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace limpet
