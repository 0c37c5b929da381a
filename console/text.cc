#include "console/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

#include "base/text.h"

namespace limpet::console {

namespace {

constexpr std::size_t kGap = 2;  // spaces between columns

bool begins_character(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

std::uint32_t code_point_of(std::string_view character) noexcept {
  constexpr std::array<unsigned, 5> kFirstBits{0, 0x7f, 0x1f, 0x0f, 0x07};
  std::uint32_t point = static_cast<unsigned char>(character.front()) & kFirstBits[character.size()];
  for (const char c : character.substr(1)) {
    point = point << 6U | (static_cast<unsigned char>(c) & 0x3fU);
  }
  return point;
}

// Controls (C0, DEL, C1), line separators, and what changes the direction of writing.
bool is_obeyed(std::uint32_t point) noexcept {
  struct Range {
    std::uint32_t first;
    std::uint32_t last;
  };
  constexpr std::array kRanges{Range{0, 0x1f},        Range{0x7f, 0x9f},     Range{0x061c, 0x061c},
                               Range{0x200e, 0x200f}, Range{0x2028, 0x202e}, Range{0x2066, 0x2069},
                               Range{0xfff9, 0xfffb}};
  return std::ranges::any_of(
      kRanges, [point](const Range& range) { return range.first <= point && point <= range.last; });
}

std::string escape(const char* format, std::uint32_t value) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

}  // namespace

std::string printable(std::string_view text) {
  constexpr std::uint32_t kByteEnd = 0x100;
  std::string shown;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      shown += escape("\\x%02x", static_cast<unsigned char>(text.front()));
      text.remove_prefix(1);
      continue;
    }
    const std::string_view character = text.substr(0, length);
    const std::uint32_t point = code_point_of(character);
    if (is_obeyed(point)) {
      shown += escape(point < kByteEnd ? "\\x%02x" : "\\u%04x", point);
    } else {
      shown += character;
    }
    text.remove_prefix(length);
  }
  return shown;
}

std::size_t width_of(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(text, begins_character));
}

std::string clipped(std::string_view text, std::size_t width) {
  if (width_of(text) <= width) {
    return std::string(text);
  }
  std::size_t kept = 0;
  std::size_t end = 0;
  while (end < text.size() && (kept + 1 < width || !begins_character(text[end]))) {
    kept += begins_character(text[end]) ? 1U : 0U;
    ++end;
  }
  return width == 0 ? std::string() : std::string(text.substr(0, end)) + ".";
}

std::string padded(std::string text, std::size_t width) {
  const std::size_t own = width_of(text);
  text.append(own < width ? width - own : 0, ' ');
  return text;
}

std::string padded_left(std::string_view text, std::size_t width) {
  const std::size_t own = width_of(text);
  return std::string(own < width ? width - own : 0, ' ').append(text);
}

std::string align(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  }
  std::string text;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text.append(i + 1 < row.size() ? padded(row[i], widths[i] + kGap) : row[i]);
    }
    text.append("\n");
  }
  return text;
}

}  // namespace limpet::console
