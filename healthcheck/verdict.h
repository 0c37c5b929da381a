// Verdict: what results in a row make of a backend's health. The first result decides at once; afterwards
// `fall` failures in a row take an up backend down and `rise` successes in a row bring a down one back. Pure.
// One thread.
#pragma once

#include <cstdint>

#include "backends/backend.h"

namespace limpet::healthcheck {

struct Thresholds {
  std::uint32_t fall = 1;  // at least 1
  std::uint32_t rise = 1;  // at least 1
};

class Verdict {
 public:
  [[nodiscard]] backends::Health health() const noexcept { return health_; }
  // One more result; answers the health after it.
  backends::Health take(bool is_good, Thresholds thresholds) noexcept;
  // Down whatever the probes say: traffic has seen it. Successes already counted for a down backend stay
  // counted.
  void mark_down() noexcept;
  // Keeps the health; results so far count no longer, because they were about something else.
  void forget_results() noexcept { contradicting_ = 0; }

 private:
  void become(backends::Health health) noexcept;

  backends::Health health_ = backends::Health::Unknown;
  std::uint32_t contradicting_ = 0;  // results in a row that speak against health_; 0 while Unknown
};

}  // namespace limpet::healthcheck
