// TableRig: an affinity table with a million pins, and what the measurements of it share. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "affinity/table.h"

namespace limpet::bench {

inline constexpr std::size_t kPins = 1'000'000;
inline constexpr Duration kTtl = std::chrono::hours(1);
inline constexpr Instant kNow{std::chrono::hours(1)};
inline constexpr Instant kAllExpired = kNow + 2 * kTtl;

// As the keys of cookies look.
inline affinity::Key cookie_key(std::uint64_t number) {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15ULL;  // spreads the numbers, keeps them apart
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number * kOdd));
  return affinity::Key::make(affinity::KeyKind::Cookie, text);
}

inline affinity::Pin pin_of(std::uint64_t number) {
  constexpr std::uint64_t kBackends = 1000;
  return {.backend = static_cast<backends::BackendId>(1 + number % kBackends)};
}

// A session that came and went.
inline void visit(affinity::AffinityTable& table, std::uint64_t number) {
  const affinity::Key key = cookie_key(number);
  table.open_session(1, key, pin_of(number), kTtl, kNow);
  table.close_session(1, key, kNow);
}

// Writes over more than any cache holds.
class ColdCaches {
 public:
  void flush() noexcept {
    for (std::size_t i = 0; i < bytes_.size(); i += 64) {
      ++bytes_[i];
    }
  }

 private:
  std::vector<unsigned char> bytes_ = std::vector<unsigned char>(std::size_t{96} << 20U);
};

inline double micros(std::chrono::nanoseconds time) noexcept {
  return std::chrono::duration<double, std::micro>(time).count();
}

}  // namespace limpet::bench
