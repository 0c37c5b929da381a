// CloseTally: how sessions were closed, by the code of the Close that came first and whose it was
// (RFC 6455 7.4). Of the codes that everybody may choose, classes alone are kept. Written by one thread, read
// by any (base/tally.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/tally.h"

namespace limpet::websocket {

// RFC 6455 7.4.1: never sent, said of a Close without a code and of an end without a Close.
inline constexpr std::uint16_t kNoCode = 1005;
inline constexpr std::uint16_t kNoClose = 1006;

struct CloseTally {
  static constexpr std::uint16_t kFirst = 1000;
  static constexpr std::uint16_t kLast = 1015;  // of those that are registered
  // Each of those by itself, then 3000 to 3999 (for libraries), 4000 to 4999 (private), others.
  static constexpr std::size_t kCodes = kLast - kFirst + 4;
  static constexpr std::size_t kSides = 3;

  std::array<Tallies<kCodes>, kSides> closes;  // by Side

  void note(Side by, std::uint16_t code) noexcept { closes[static_cast<std::size_t>(by)][place(code)].add(); }
  void add(const CloseTally& more) noexcept {
    for (std::size_t i = 0; i < kSides; ++i) {
      limpet::add(closes[i], more.closes[i]);
    }
  }

  [[nodiscard]] static constexpr std::size_t place(std::uint16_t code) noexcept {
    constexpr std::uint16_t kThousand = 1000;
    if (code >= kFirst && code <= kLast) {
      return code - kFirst;
    }
    const int of_thousand = code / kThousand;
    return of_thousand == 3 ? kCodes - 3 : of_thousand == 4 ? kCodes - 2 : kCodes - 1;
  }
  // "1000", "3xxx", "4xxx", "other".
  [[nodiscard]] static std::string word(std::size_t place) {
    constexpr std::array<const char*, 3> kClasses{"3xxx", "4xxx", "other"};
    return place < kCodes - kClasses.size() ? std::to_string(kFirst + place)
                                            : kClasses[place - (kCodes - kClasses.size())];
  }
};

}  // namespace limpet::websocket
