// What serving may cost at most, and how that is checked. Pure.
#pragma once

#include <string>
#include <vector>

#include "tests/cost/counted_limpet.h"

namespace limpet::test {

// A row of what is recorded. What has no row may not be called at all.
struct Cost {
  cost::Counted what;
  std::uint64_t most;
  const char* why;
};

[[nodiscard]] const char* name_of(cost::Counted what) noexcept;

// Of what each of many repetitions took, what so many per cent of them kept within.
[[nodiscard]] CallCounts kept_within(const std::vector<CallCounts>& taken, std::size_t per_cent);

// A line for each that has grown; empty when none has.
[[nodiscard]] std::string growth(const std::vector<Cost>& recorded, const CallCounts& taken);

// "1 recv, 1 send": what to record anew.
[[nodiscard]] std::string listed(const CallCounts& taken);

}  // namespace limpet::test
