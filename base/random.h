// Random: a fast generator for jitter and tie-breaking; nothing secret comes from it. One thread.
#pragma once

#include <cstdint>

namespace limpet {

class Random {
 public:
  // A seed of the caller's, so that a test can repeat a run.
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  // SplitMix64: every seed gives a full-period sequence.
  [[nodiscard]] std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
  }
  // From 0 to bound - 1; requires bound > 0. The bias of the modulo is harmless for jitter.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }

 private:
  std::uint64_t state_;
};

}  // namespace limpet
