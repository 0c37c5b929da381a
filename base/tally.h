// Tally: a count that one thread writes and any thread reads. Adding is a load, an addition and a store:
// nobody else writes, so it needs neither a lock nor an atomic read-modify-write. Sums of tallies are tallies
// that their reader owns.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace limpet {

class Tally {
 public:
  // The owner's thread.
  void add(std::uint64_t amount = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void add(const Tally& other) noexcept { add(other.get()); }
  // Any thread.
  [[nodiscard]] std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

template <std::size_t kCount>
using Tallies = std::array<Tally, kCount>;

template <std::size_t kCount>
void add(Tallies<kCount>& sum, const Tallies<kCount>& more) noexcept {
  for (std::size_t i = 0; i < kCount; ++i) {
    sum[i].add(more[i]);
  }
}

}  // namespace limpet
