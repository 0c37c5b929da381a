// WaitTally: waits by how long they took, in a few buckets. Written by one thread, read by any
// (base/tally.h).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "base/tally.h"

namespace limpet {

struct WaitTally {
  // The longest wait of each bucket, in milliseconds; above them is one more.
  static constexpr std::array<std::int64_t, 9> kBounds{5, 10, 25, 50, 100, 250, 500, 1000, 5000};
  static constexpr std::size_t kBuckets = kBounds.size() + 1;

  Tallies<kBuckets> counts;
  Tally milliseconds;

  // A wait that seems to have gone backwards is none.
  void note(Duration took) noexcept {
    const std::int64_t waited = std::max<std::int64_t>(took.count(), 0);
    const auto* const bound = std::lower_bound(kBounds.begin(), kBounds.end(), waited);
    counts[static_cast<std::size_t>(bound - kBounds.begin())].add();
    milliseconds.add(static_cast<std::uint64_t>(waited));
  }
  void add(const WaitTally& more) noexcept {
    limpet::add(counts, more.counts);
    milliseconds.add(more.milliseconds);
  }
};

}  // namespace limpet
