#include "sharing/node_name.h"

#include <algorithm>
#include <array>

namespace limpet::sharing {

namespace {

constexpr std::size_t kDigits = 16;
constexpr std::string_view kHex = "0123456789abcdef";

}  // namespace

std::string make_node_name(std::uint64_t random) {
  std::string name;
  for (std::size_t i = 0; i < kDigits; ++i) {
    name += kHex[random & 0xfU];
    random >>= 4U;
  }
  return name;
}

bool is_node_name(std::string_view text) noexcept {
  return text.size() == kDigits &&
         std::ranges::all_of(text, [](char digit) { return kHex.find(digit) != std::string_view::npos; });
}

}  // namespace limpet::sharing
