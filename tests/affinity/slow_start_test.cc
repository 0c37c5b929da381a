// A backend that warms up after it has come back takes its part of the new clients, not all of them.
#include "healthcheck/slow_start.h"
#include "affinity/balance.h"
#include "affinity/load_bound.h"
#include "base/random.h"
#include "tests/affinity/pool_fixture.h"
#include "tests/support/catch.h"

namespace limpet::affinity {
namespace {

using backends::BackendSet;

constexpr std::uint32_t kEach = 100;  // sessions of a backend that was there all the time

// Four backends of which the last has come back without a session.
struct ComingBack {
  BackendSet set{make_backends(4)};

  ComingBack() {
    for (std::size_t i = 0; i < 3; ++i) {
      set[i].state->sessions = kEach;
    }
  }
  [[nodiscard]] backends::BackendState& last() const { return *set[3].state; }
  void warm_for(Duration up_for, Duration slow_start) const {
    last().share = healthcheck::share_after(up_for, slow_start);
  }
  // What the last one carries when so many new clients have come and nobody has left.
  std::uint32_t sessions_after(std::uint32_t clients, Choice (*balance)(const NewClient&),
                               double load_factor) {
    Random random(7);
    for (std::uint32_t i = 0; i < clients; ++i) {
      const NewClient client{.set = set,
                             .key_hash = random.next(),
                             .load_factor = load_factor,
                             .tried = {},
                             .minds_share = true};
      const Choice choice = balance(client);
      REQUIRE(choice.backend != nullptr);
      ++choice.backend->state->sessions;
    }
    return last().sessions;
  }
};

constexpr Duration kMinute{60'000};

TEST_CASE("by least sessions a backend that came back takes no more than its share of the weight") {
  ComingBack pool;
  pool.warm_for(Duration(0), kMinute);
  CHECK(pool.sessions_after(40, balance_by_load, 0) == 11);  // a tenth of 110 that the others have by now
  pool.warm_for(kMinute / 2, kMinute);
  const std::uint32_t half = pool.sessions_after(60, balance_by_load, 0);
  CHECK(half >= 60);
  CHECK(half <= 62);  // 55 % of what the others have
  pool.warm_for(kMinute, kMinute);
  CHECK(pool.sessions_after(100, balance_by_load, 0) == 125);
}

TEST_CASE("by hash a backend that came back is bounded by its share of the load") {
  ComingBack pool;
  pool.warm_for(Duration(0), kMinute);
  const std::uint32_t cold = pool.sessions_after(200, balance_by_hash, 1.25);
  CHECK(cold <= 21);  // 1.25 * 500 * 100 / 3100, rounded up
  CHECK(cold > 10);
  pool.warm_for(kMinute, kMinute);
  CHECK(pool.sessions_after(200, balance_by_hash, 1.25) > cold + 30);
}

TEST_CASE("a lone backend that warms up takes everybody") {
  const BackendSet set(make_backends(1));
  set[0].state->share = healthcheck::share_after(Duration(0), kMinute);
  for (std::uint32_t i = 0; i < 100; ++i) {
    const NewClient client{.set = set, .key_hash = i, .load_factor = 1.25, .tried = {}, .minds_share = true};
    REQUIRE(balance_by_hash(client).backend == &set[0]);
    REQUIRE(balance_by_load(client).backend == &set[0]);
    ++set[0].state->sessions;
  }
}

TEST_CASE("the bound that is explained is the one that is applied while a backend warms up") {
  ComingBack pool;
  pool.warm_for(Duration(0), kMinute);
  const LoadBound bound(pool.set, 1.0);
  CHECK(bound.of(pool.set[3]) == 10.0);  // 301 * 100 / 3100
  CHECK(bound.of(pool.set[0]) == 98.0);  // 301 * 1000 / 3100
  CHECK(bound.has_room(pool.set[3]));
  CHECK_FALSE(bound.has_room(pool.set[0]));
}

}  // namespace
}  // namespace limpet::affinity
