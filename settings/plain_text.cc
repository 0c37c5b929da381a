#include "settings/plain_text.h"

#include <cstdint>

#include "base/text.h"

namespace limpet::settings {

namespace {

bool is_between(char c, std::uint8_t low, std::uint8_t high) {
  const auto byte = static_cast<std::uint8_t>(c);
  return byte >= low && byte <= high;
}

constexpr std::uint8_t kDelete = 0x7f;

bool is_control(char c) {
  return is_between(c, 0, ' ' - 1) || is_between(c, kDelete, kDelete);
}

}  // namespace

std::optional<std::size_t> find_non_text(std::string_view text, Layout layout) {
  const std::string_view allowed = layout == Layout::Lines ? "\n\r\t" : "";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0 || (is_control(text[at]) && allowed.find(text[at]) == std::string_view::npos)) {
      return at;
    }
    at += length;
  }
  return std::nullopt;
}

}  // namespace limpet::settings
