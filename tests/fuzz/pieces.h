// Cutting the input of a fuzz target into pieces, the same way for the same seed, and ending it when a claim
// is false.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "base/random.h"

namespace limpet::fuzz {

class Pieces {
 public:
  Pieces(std::string_view input, std::uint64_t seed) : rest_(input), random_(seed) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  // The next one to sixteen bytes.
  [[nodiscard]] std::string_view next() {
    constexpr std::uint64_t kLongest = 16;
    const std::string_view piece = rest_.substr(0, static_cast<std::size_t>(1 + random_.below(kLongest)));
    rest_.remove_prefix(piece.size());
    return piece;
  }

 private:
  std::string_view rest_;
  Random random_;
};

inline void claim(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "false: %s\n", what);
    std::abort();
  }
}

// Takes a number off the front of the input, to steer the target.
inline std::uint8_t take_byte(std::string_view& input) {
  if (input.empty()) {
    return 0;
  }
  const auto byte = static_cast<std::uint8_t>(input.front());
  input.remove_prefix(1);
  return byte;
}

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace limpet::fuzz
