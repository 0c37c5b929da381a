#include "base/percent.h"

#include <charconv>
#include <cstdint>

namespace limpet {

namespace {

constexpr int kHexBase = 16;

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    const std::string_view digits = text.substr(i + 1, 2);
    unsigned byte = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), byte, kHexBase);
    if (digits.size() != 2 || read.ec != std::errc{} || read.ptr != digits.data() + digits.size()) {
      return std::nullopt;
    }
    decoded.push_back(static_cast<char>(static_cast<unsigned char>(byte)));
    i += 2;
  }
  return decoded;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr unsigned kNibble = 4;
  std::string encoded;
  for (const char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      encoded.push_back(c);
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(c);
    encoded.append({'%', kDigits[byte >> kNibble], kDigits[byte & 0xFU]});
  }
  return encoded;
}

}  // namespace limpet
