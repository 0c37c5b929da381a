// JSON text, member by member, for answers that are long. `opening` is what stands before the value: the
// comma or brace and the name. Bytes that are not UTF-8 are replaced. Pure. Any thread.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/text.h"

namespace limpet::admin {

inline void append_member(std::string& out, std::string_view opening, std::string_view text) {
  out.append(opening).push_back('"');
  append_json_escaped(out, text);
  out.push_back('"');
}

inline void append_member(std::string& out, std::string_view opening, std::uint64_t number) {
  std::array<char, 20> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(opening).append(digits.data(), end);
}

inline void append_member(std::string& out, std::string_view opening, WallTime time) {
  out.append(opening).push_back('"');
  append_rfc3339(out, time);
  out.push_back('"');
}

// null for an empty text.
inline void append_member_or_null(std::string& out, std::string_view opening, std::string_view text) {
  if (text.empty()) {
    out.append(opening).append("null");
  } else {
    append_member(out, opening, text);
  }
}

}  // namespace limpet::admin
