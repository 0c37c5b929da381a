// When the next probe of a backend begins. Pure: randomness is an argument. Any thread.
#pragma once

#include <cstdint>

#include "backends/backend.h"
#include "base/clock.h"
#include "settings/settings.h"

namespace limpet::healthcheck {

// Of a target that is new or has changed: somewhere in the first 100 ms, so that start-up knows the truth
// soon without probing everybody in the same instant.
[[nodiscard]] Duration first_wait(std::uint64_t random) noexcept;

// From the begin of one probe to the begin of the next: nine tenths of the period, give or take one tenth, so
// never more than the period, even when the deadline fires a tick late. The period is the interval, so that a
// frozen backend is down after fall x interval + timeout at the latest; of a backend that is down it is
// interval / rise, so that one that has returned is up within one interval, whatever `rise` is.
[[nodiscard]] Duration wait_between(const settings::Health& rule, backends::Health health,
                                    std::uint64_t random) noexcept;

}  // namespace limpet::healthcheck
