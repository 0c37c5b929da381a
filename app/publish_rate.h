// PublishRate: holds what is published to so many in a time, as many of them at once after a pause: the
// generic cell rate algorithm. Pure; time is an argument. One thread.
#pragma once

#include <algorithm>
#include <optional>

#include "base/clock.h"
#include "settings/settings.h"

namespace limpet::app {

class PublishRate {
 public:
  // None: it is let in and counts. Else how long until one would be; that one does not count. The rate is
  // that of this call: after another one nobody waits longer than its `per`.
  [[nodiscard]] std::optional<Duration> refuse(const settings::Rate& rate, Instant now) {
    if (rate.events == 0) {
      return std::nullopt;
    }
    const auto per = static_cast<double>(rate.per.count());
    const auto at = static_cast<double>(now.time_since_epoch().count());
    const double each = per / rate.events;
    paid_until_ = std::clamp(paid_until_, at, at + per);
    const double late = paid_until_ + each - at - per;
    constexpr double kNothing = 1e-6;  // what is left of a millisecond by rounding
    if (late > kNothing) {
      return std::max(Duration(1), Duration(static_cast<Duration::rep>(late + 1)));
    }
    paid_until_ += each;
    return std::nullopt;
  }

 private:
  double paid_until_ = 0;  // ms on the clock: when all that was let in will have been paid for
};

}  // namespace limpet::app
