// What the parts of the preloaded library share. Any thread.
#pragma once

#include "tests/cost/counts.h"

namespace limpet::cost {

// Those in the file; before that is mapped, and without one, some that nobody reads.
[[nodiscard]] Counts& counts() noexcept;

inline void count(Counted what) noexcept {
  counts().made[static_cast<std::size_t>(what)].fetch_add(1, std::memory_order_relaxed);
}

}  // namespace limpet::cost
