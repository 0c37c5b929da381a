// Appending the pieces of a head: shared by what writes heads. Pure. Any thread.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace limpet::http {

inline constexpr std::string_view kCrLf = "\r\n";

inline void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits{};  // of any 64-bit number
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), written.ptr);
}

inline void append_field(std::string& out, std::string_view name, std::string_view value) {
  constexpr std::string_view kColon = ": ";
  const std::size_t mark = out.size();
  out.resize(mark + name.size() + kColon.size() + value.size() + kCrLf.size());
  char* at = out.data() + mark;
  for (const std::string_view piece : {name, kColon, value, kCrLf}) {
    at = std::copy(piece.begin(), piece.end(), at);
  }
}

inline void append_field(std::string& out, std::string_view name, std::uint64_t value) {
  out.append(name).append(": ");
  append_number(out, value);
  out.append(kCrLf);
}

}  // namespace limpet::http
