// DrainPace: the pace of backends that drain together, as their pool and those that stay make it. Owned by
// DrainControl. Control thread.
#pragma once

#include <optional>

#include "affinity/decide.h"
#include "backends/drain_pacer.h"
#include "base/clock.h"
#include "settings/settings.h"

namespace limpet::app {

// 0 = no limit.
[[nodiscard]] double per_second(const settings::Rate& rate) noexcept;

class DrainPace {
 public:
  DrainPace(const settings::Rate& rate, Instant now);

  // Before each take(). `pool` as it is configured now, null when it is gone; `rate` in place of the pool's.
  void look_at(const affinity::PoolView* pool, const std::optional<settings::Rate>& rate, Instant now);

  // Somebody could take returning clients, or it makes no sense to wait for that.
  [[nodiscard]] bool has_survivors() const noexcept { return has_survivors_; }
  [[nodiscard]] backends::DrainPacer& pacer() noexcept { return pacer_; }
  [[nodiscard]] const backends::DrainPacer& pacer() const noexcept { return pacer_; }

 private:
  backends::DrainPacer pacer_;
  bool has_survivors_ = true;
};

}  // namespace limpet::app
