#include "sharing/node_name.h"

#include <algorithm>
#include <array>

#include "base/crypto.h"
#include "base/text.h"

namespace limpet::sharing {

namespace {

constexpr std::size_t kDigits = 16;
constexpr std::string_view kHex = "0123456789abcdef";

}  // namespace

std::string make_node_name() {
  std::array<std::uint8_t, kDigits / 2> bytes{};
  crypto::random_bytes(bytes);
  return hex(bytes);
}

bool is_node_name(std::string_view text) noexcept {
  return text.size() == kDigits &&
         std::ranges::all_of(text, [](char digit) { return kHex.find(digit) != std::string_view::npos; });
}

}  // namespace limpet::sharing
