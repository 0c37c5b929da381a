// Waits in buckets.
#include "base/wait_tally.h"

#include "tests/support/catch.h"

using limpet::Duration;
using limpet::WaitTally;

TEST_CASE("a wait is in the bucket of the first bound that it does not exceed") {
  for (std::size_t i = 0; i < WaitTally::kBounds.size(); ++i) {
    WaitTally waits;
    const std::int64_t bound = WaitTally::kBounds[i];
    waits.note(Duration(bound));
    waits.note(Duration(bound + 1));
    CHECK(waits.counts[i].get() == 1);
    CHECK(waits.counts[i + 1].get() == 1);
    CHECK(waits.milliseconds.get() == static_cast<std::uint64_t>(2 * bound + 1));
  }
}

TEST_CASE("a wait that went backwards is none") {
  WaitTally waits;
  waits.note(Duration(-5));
  CHECK(waits.counts[0].get() == 1);
  CHECK(waits.milliseconds.get() == 0);
}

TEST_CASE("sums of waits are waits") {
  WaitTally sum;
  WaitTally one;
  one.note(Duration(7));
  sum.add(one);
  sum.add(one);
  CHECK(sum.counts[1].get() == 2);
  CHECK(sum.milliseconds.get() == 14);
}
