// slice_pass(): a way through all shards that disturbs nobody. A lock is held for one slice, a few
// microseconds, and the next slice is of another shard: whoever waits for a lock gets it then, which it would
// not if the same thread took it again at once.
//
//             shard 0   shard 1   shard 2
//   slice 0   1st       2nd       3rd
//   slice 1   4th       5th       6th
//
// Pure but for the locks. Any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "affinity/pin_shard.h"

namespace limpet::affinity {

// Where a pass is. Packed it grows from entry to entry; 0 = the start and the end.
struct PassCursor {
  static constexpr unsigned kOffsetBits = 6;
  static constexpr unsigned kShardBits = 6;
  // A slice is a block of the slab.
  static constexpr std::uint64_t kSliceEntries = PinShard::kBlockEntries;
  static_assert(kSliceEntries == 1U << kOffsetBits && AffinityTable::kMostShards == 1U << kShardBits);

  std::uint64_t slice = 0;
  std::size_t shard = 0;
  std::uint64_t offset = 0;  // in the slice

  [[nodiscard]] static PassCursor unpack(std::uint64_t packed) noexcept {
    return {.slice = packed >> (kShardBits + kOffsetBits),
            .shard = (packed >> kOffsetBits) % AffinityTable::kMostShards,
            .offset = packed % kSliceEntries};
  }
  [[nodiscard]] std::uint64_t pack() const noexcept {
    return (slice << kShardBits | shard) << kOffsetBits | offset;
  }
};

// Shows `visit(pins, number)` entries from the cursor `from` on, used and free ones, until it answers false
// or `looks` are used up; every lock counts as a look, too. `shards` point to what has a mutex and the pins
// that it guards. Returns the cursor to go on from.
template <typename Shards, typename Visit>
std::uint64_t slice_pass(const Shards& shards, std::uint64_t from, std::size_t looks, Visit visit) {
  PassCursor at = PassCursor::unpack(from);
  // Whether there is a slice after this one. Of the shards that an earlier call has seen, nobody knows.
  bool is_followed = at.shard != 0 || at.offset != 0;
  bool goes_on = true;
  for (;;) {
    if (at.shard >= shards.size()) {
      if (!is_followed) {
        return 0;
      }
      at = {.slice = at.slice + 1, .shard = 0, .offset = 0};
      is_followed = false;
    }
    if (looks == 0 || !goes_on) {
      return at.pack();
    }
    auto& shard = *shards[at.shard];
    const std::scoped_lock lock(shard.mutex);
    --looks;
    const std::uint64_t begin = at.slice * PassCursor::kSliceEntries;
    const std::uint64_t size = shard.pins.slab_size();
    const std::uint64_t end = std::min(PassCursor::kSliceEntries, size - std::min(begin, size));
    for (; at.offset < end && looks > 0 && goes_on; ++at.offset, --looks) {
      goes_on = visit(shard.pins, static_cast<PinShard::Number>(begin + at.offset));
    }
    is_followed = is_followed || begin + PassCursor::kSliceEntries < size;
    if (at.offset >= end) {
      at = {.slice = at.slice, .shard = at.shard + 1, .offset = 0};
    }
  }
}

}  // namespace limpet::affinity
