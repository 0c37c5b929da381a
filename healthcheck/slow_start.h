// How much of its weight a backend has while it warms up after it has come back. Pure: time is an argument.
#pragma once

#include <cstdint>

#include "backends/backend.h"
#include "base/clock.h"

namespace limpet::healthcheck {

// In thousandths: a tenth at once, so that it is not forgotten, then in a straight line to the whole.
[[nodiscard]] inline std::uint16_t share_after(Duration up_for, Duration slow_start) noexcept {
  constexpr std::int64_t kFloor = backends::kWholeShare / 10;
  if (slow_start <= Duration::zero() || up_for >= slow_start) {
    return backends::kWholeShare;
  }
  const std::int64_t grown = (backends::kWholeShare - kFloor) * up_for.count() / slow_start.count();
  return static_cast<std::uint16_t>(kFloor + (up_for > Duration::zero() ? grown : 0));
}

}  // namespace limpet::healthcheck
