#include "healthcheck/ejection.h"

#include "healthcheck/slow_start.h"
#include "tests/support/catch.h"

using limpet::Duration;
using limpet::Instant;
using limpet::healthcheck::Ejection;
using limpet::healthcheck::PoolTally;
using limpet::healthcheck::share_after;
using Change = limpet::healthcheck::Ejection::Change;

namespace {

constexpr Duration kSecond{1000};

// A backend that is looked at every 100 ms, as control does.
struct Watched {
  limpet::settings::Passive rule;  // 5 failures in 10 s, ejected for 10 s
  Ejection ejection;
  Ejection::Look next{
      .now = Instant(std::chrono::hours(5)), .seen = {}, .may_eject = true, .is_needed = false};

  Change look() {
    next.now += Duration(100);
    return ejection.look(rule, next);
  }
  Change fail(std::uint64_t failures) {
    next.seen.failures += failures;
    return look();
  }
  // The first change within `time`, None without one.
  Change wait(Duration time) {
    for (Duration waited{}; waited < time; waited += Duration(100)) {
      if (const Change change = look(); change != Change::None) {
        return change;
      }
    }
    return Change::None;
  }
  Duration ejected_for() {
    const Instant since = next.now;
    REQUIRE(wait(std::chrono::hours(1)) == Change::Returned);
    return next.now - since;
  }
};

}  // namespace

TEST_CASE("a backend is ejected at the last of so many failures within the window, not before") {
  Watched backend;
  CHECK(backend.fail(4) == Change::None);
  CHECK(backend.wait(9 * kSecond) == Change::None);
  CHECK(backend.fail(1) == Change::Ejected);
  CHECK(backend.ejection.failures() == 5);
  CHECK(backend.ejection.until() == backend.next.now + 10 * kSecond);
}

TEST_CASE("failures that lie further apart than the window eject nobody") {
  Watched backend;
  for (int i = 0; i < 100; ++i) {
    REQUIRE(backend.fail(1) == Change::None);
    REQUIRE(backend.wait(Duration(2'900)) == Change::None);
  }
  CHECK_FALSE(backend.ejection.until());
}

TEST_CASE("a success is no pardon, but below one failure in ten requests nobody is ejected") {
  Watched backend;
  backend.next.seen.requests = 50;
  CHECK(backend.fail(5) == Change::Ejected);
  Watched busy;
  busy.next.seen.requests = 51;
  CHECK(busy.fail(5) == Change::None);
  CHECK(busy.fail(1) == Change::Ejected);
}

TEST_CASE("a backend that the pool cannot spare is ejected when it can") {
  Watched backend;
  backend.next.may_eject = false;
  CHECK(backend.fail(50) == Change::None);
  CHECK(backend.wait(kSecond) == Change::None);
  backend.next.may_eject = true;
  CHECK(backend.look() == Change::Ejected);
}

TEST_CASE("an ejected backend returns when its time is over, whatever fails meanwhile") {
  Watched backend;
  REQUIRE(backend.fail(5) == Change::Ejected);
  CHECK(backend.fail(100) == Change::None);
  CHECK(backend.ejected_for() == Duration(9'900));
  CHECK_FALSE(backend.ejection.until());
  CHECK(backend.wait(kSecond) == Change::None);
}

TEST_CASE("on trial one failure ejects again, for twice the time each time, ten times at most") {
  Watched backend;
  REQUIRE(backend.fail(5) == Change::Ejected);
  for (const int times : {1, 2, 4, 8, 10, 10}) {
    CHECK(backend.ejected_for() == times * 10 * kSecond);
    REQUIRE(backend.wait(9 * kSecond) == Change::None);
    REQUIRE(backend.fail(1) == Change::Ejected);
  }
}

TEST_CASE("a trial without a failure ends, and then it takes as many failures as at first") {
  Watched backend;
  REQUIRE(backend.fail(5) == Change::Ejected);
  backend.ejected_for();
  REQUIRE(backend.wait(10 * kSecond) == Change::None);
  CHECK(backend.fail(4) == Change::None);
  CHECK(backend.fail(1) == Change::Ejected);
  CHECK(backend.ejected_for() == 10 * kSecond);
}

TEST_CASE("an ejected backend is called back when nobody else is left, or when the rule is gone") {
  Watched backend;
  REQUIRE(backend.fail(5) == Change::Ejected);
  SECTION("nobody else") {
    backend.next.is_needed = true;
    CHECK(backend.look() == Change::Returned);
  }
  SECTION("no rule") {
    backend.rule.failures = 0;
    CHECK(backend.look() == Change::Returned);
    CHECK(backend.fail(1000) == Change::None);
  }
}

TEST_CASE("a reset ends an ejection and forgets what led to it") {
  Watched backend;
  REQUIRE(backend.fail(5) == Change::Ejected);
  backend.next.seen.failures += 100;
  backend.ejection.reset(backend.next.seen);
  CHECK_FALSE(backend.ejection.until());
  CHECK(backend.fail(4) == Change::None);
  CHECK(backend.fail(1) == Change::Ejected);
  CHECK(backend.ejected_for() == 10 * kSecond);
}

TEST_CASE("a pool never spares its last backend, nor more than half of them") {
  CHECK_FALSE(PoolTally{.eligible = 0, .ejected = 0}.can_spare_one());
  CHECK_FALSE(PoolTally{.eligible = 1, .ejected = 0}.can_spare_one());
  CHECK(PoolTally{.eligible = 2, .ejected = 0}.can_spare_one());
  CHECK_FALSE(PoolTally{.eligible = 2, .ejected = 1}.can_spare_one());
  CHECK(PoolTally{.eligible = 3, .ejected = 1}.can_spare_one());
  CHECK_FALSE(PoolTally{.eligible = 2, .ejected = 2}.can_spare_one());
}

TEST_CASE("a backend that warms up has a tenth of its weight at once and grows to the whole in a line") {
  CHECK(share_after(Duration(0), 10 * kSecond) == 100);
  CHECK(share_after(5 * kSecond, 10 * kSecond) == 550);
  CHECK(share_after(Duration(9'999), 10 * kSecond) == 999);
  CHECK(share_after(10 * kSecond, 10 * kSecond) == 1000);
  CHECK(share_after(std::chrono::hours(1), 10 * kSecond) == 1000);
  CHECK(share_after(-kSecond, 10 * kSecond) == 100);
  CHECK(share_after(Duration(0), Duration(0)) == 1000);
}
