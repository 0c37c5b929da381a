// A loop that a test turns until something has happened, with a bound that only a failure reaches.
#pragma once

#include <chrono>

#include "base/clock.h"
#include "net/uv_loop.h"

namespace limpet::healthcheck::testing {

// False when `condition` did not come true in time. A turn takes one tick of the loop at most.
template <typename Condition>
[[nodiscard]] bool turn_until(net::UvLoop& loop, Condition condition) {
  constexpr std::chrono::seconds kLongest{20};  // far beyond what a slow machine with sanitizers needs
  const SystemClock clock;
  const Instant end = clock.now() + kLongest;
  while (!condition()) {
    if (clock.now() > end) {
      return false;
    }
    loop.turn();
  }
  return true;
}

}  // namespace limpet::healthcheck::testing
