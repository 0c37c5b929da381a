// RecentEnds: whether a key had a session that ended a moment ago, whichever worker had it. So sessions that
// come back at once are told from those of new clients. Bounded: a place for each of so many hashes, where
// the last to end stands; two keys of one place may hide each other, and are hardly ever taken for each
// other. Time is an argument. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace limpet::proxy {

class RecentEnds {
 public:
  static constexpr Duration kWithin = std::chrono::seconds(10);
  // So far may the clock of one worker's turn be behind that of another.
  static constexpr Duration kBehind = std::chrono::seconds(1);

  void note_end(std::uint64_t key_hash, Instant now) noexcept {
    places_[place_of(key_hash)].store(entry(key_hash, now), std::memory_order_relaxed);
  }
  // An end was noted, `now` is within kWithin of it, and no other key of its place has ended since.
  [[nodiscard]] bool has_ended_lately(std::uint64_t key_hash, Instant now) const noexcept {
    const std::uint64_t found = places_[place_of(key_hash)].load(std::memory_order_relaxed);
    const std::uint64_t age = (entry(key_hash, now + kBehind) - found) & kTimeMask;
    return found != 0 && (found & ~kTimeMask) == (key_hash & ~kTimeMask) &&
           age <= static_cast<std::uint64_t>((kBehind + kWithin).count());
  }

 private:
  //   63                     28 27                 0
  //   | hash of the key, above | milliseconds, below |    0 = nothing
  // The time comes round after three days; an entry as old as that is taken for one of now, once in a while.
  static constexpr unsigned kTimeBits = 28;
  static constexpr std::uint64_t kTimeMask = (std::uint64_t{1} << kTimeBits) - 1;
  static constexpr std::size_t kPlaces = 16 * 1024;  // 128 KiB: a storm of as many clients

  [[nodiscard]] static std::size_t place_of(std::uint64_t key_hash) noexcept { return key_hash % kPlaces; }
  [[nodiscard]] static std::uint64_t entry(std::uint64_t key_hash, Instant now) noexcept {
    const auto time = static_cast<std::uint64_t>(now.time_since_epoch().count());
    return (key_hash & ~kTimeMask) | (time & kTimeMask);
  }

  std::array<std::atomic<std::uint64_t>, kPlaces> places_{};
};

}  // namespace limpet::proxy
