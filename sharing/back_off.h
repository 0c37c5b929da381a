// BackOff: how long to wait before the next attempt: doubles with every failure, less up to a half by chance,
// so that the nodes of a cluster do not come back all at once. Pure. One thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace limpet::sharing {

class BackOff {
 public:
  // Requires 0 < first <= longest.
  BackOff(Duration first, Duration longest) noexcept : first_(first), longest_(longest), next_(first) {}

  // `chance`: any random number.
  [[nodiscard]] Duration next(std::uint64_t chance) noexcept {
    const Duration whole = next_;
    next_ = std::min(next_ * 2, longest_);
    const auto half = static_cast<std::uint64_t>(whole.count()) / 2;
    return whole - Duration(static_cast<Duration::rep>(chance % (half + 1)));
  }
  // Things have been well for a while.
  void reset() noexcept { next_ = first_; }

 private:
  Duration first_;
  Duration longest_;
  Duration next_;
};

}  // namespace limpet::sharing
