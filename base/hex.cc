#include "base/hex.h"

#include <optional>

#include "base/text.h"

namespace limpet {

namespace {

std::optional<unsigned> value_of(char c) noexcept {
  if (is_digit(c)) {
    return static_cast<unsigned>(c - '0');
  }
  const char lower = ascii_lower(c);
  if (lower >= 'a' && lower <= 'f') {
    return static_cast<unsigned>(lower - 'a') + 10U;
  }
  return std::nullopt;
}

}  // namespace

bool read_hex(std::string_view digits, std::span<std::uint8_t> out) noexcept {
  if (digits.size() != 2 * out.size()) {
    return false;
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto high = value_of(digits[2 * i]);
    const auto low = value_of(digits[2 * i + 1]);
    if (!high || !low) {
      return false;
    }
    out[i] = static_cast<std::uint8_t>(*high << 4U | *low);
  }
  return true;
}

}  // namespace limpet
