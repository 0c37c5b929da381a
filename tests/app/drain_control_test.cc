// How sessions are sent away, over made-up workers.
#include "app/drain_control.h"

#include "backends/eligibility.h"
#include "tests/app/drain_rig.h"

using namespace limpet;
using namespace std::chrono_literals;
using backends::Mode;
using test::DrainRig;

namespace {

constexpr settings::Rate kFifty{.events = 50};

bool takes_back(const DrainRig& rig, backends::BackendId id) {
  return backends::is_eligible(rig.backend(id), backends::Visitor::Pinned);
}

}  // namespace

TEST_CASE("a drain tells everybody of its backend and nobody else, at the rate of the pool") {
  DrainRig rig(3);
  rig.open_many(1, 2000);
  rig.open_many(2, 100);
  rig.drain(1);
  rig.run(10s);
  CHECK(rig.told(1) >= 980);
  CHECK(rig.told(1) <= 1021);
  rig.run(12s);
  CHECK(rig.told(1) == 2000);
  CHECK(rig.backend(2).state->sessions == 100);
  CHECK(std::ranges::all_of(rig.orders, [](const auto& order) {
    return order.backend == 1 && order.cause == CloseReason::Drained && order.grace == 30s;
  }));
}

TEST_CASE("those that have been idle for longest are told first, over all workers") {
  DrainRig rig(4);
  rig.open_many(1, 100);
  rig.drain(1, {.rate = settings::Rate{.events = 10}});  // one at a time
  rig.run(11s);
  REQUIRE(rig.told_idle.size() == 100);
  CHECK(std::ranges::is_sorted(rig.told_idle, std::greater{}));
}

TEST_CASE("a worker that does not answer holds up nobody else and is asked once") {
  DrainRig rig(3);
  rig.open_many(1, 300);
  rig.drain(1);
  rig.is_mute[0] = true;
  rig.run(10s);  // the rig checks that there are never two orders under way
  CHECK(rig.told(1) == 200);
  CHECK(rig.waiting_orders.size() == 1);
  CHECK(rig.done.empty());
  rig.is_mute[0] = false;
  rig.answer(0);
  rig.run(10s);
  CHECK(rig.told(1) == 300);
  CHECK(rig.done.size() == 1);
}

TEST_CASE("two backends of a pool share its rate, one with a rate of its own does not") {
  DrainRig rig(2);
  rig.open_many(1, 2000);
  rig.open_many(2, 2000);
  rig.drain(1);
  const bool alone = GENERATE(true, false);
  rig.drain(2, {.rate = alone ? std::optional(kFifty) : std::nullopt});
  rig.run(10s);
  const std::size_t both = rig.told(1) + rig.told(2);
  CHECK(both >= (alone ? 1470U : 980U));
  CHECK(both <= (alone ? 1535U : 1021U));
}

TEST_CASE("enable ends a drain at once and the timer with it") {
  DrainRig rig(2);
  rig.open_many(1, 1000);
  rig.drain(1);
  rig.run(1s);
  rig.control.stop(1);
  CHECK_FALSE(rig.control.progress(1).has_value());
  CHECK(rig.timer == 0s);
  const std::size_t orders = rig.orders.size();
  rig.run(1s);
  CHECK(rig.orders.size() == orders);
  CHECK(rig.done.empty());
}

TEST_CASE("an answer that comes after enable is nobody's") {
  DrainRig rig(1);
  rig.open_many(1, 10);
  rig.drain(1);
  rig.is_mute[0] = true;
  rig.tick();
  rig.control.stop(1);
  rig.drain(1, {.rate = kFifty});
  rig.answer(0);
  CHECK(rig.told(1) == 0);
}

TEST_CASE("a drain by an operator stays when it is over, and sends late comers away too") {
  DrainRig rig(2);
  rig.open_many(1, 5);
  rig.drain(1);
  rig.run(1s);
  CHECK(rig.done == std::vector<std::pair<backends::BackendId, CloseReason>>{{1, CloseReason::Drained}});
  CHECK(rig.timer == app::DrainControl::kRestTick);
  CHECK(rig.told(1) == 5);
  rig.open(0, 1);
  rig.run(3s);
  CHECK(rig.told(1) == 6);
  CHECK(rig.backend(1).state->sessions == 0);
}

TEST_CASE("the drain of a removed backend looks for late comers until it has gone") {
  DrainRig rig(2);
  rig.open_many(1, 5);
  rig.drain(1, {.cause = CloseReason::BackendRemoved});
  rig.run(1s);
  CHECK(rig.done ==
        std::vector<std::pair<backends::BackendId, CloseReason>>{{1, CloseReason::BackendRemoved}});
  rig.open(0, 1);
  rig.run(3s);
  CHECK(rig.told(1) == 6);
  CHECK(rig.backend(1).state->sessions == 0);
  rig.control.stop(1);
  CHECK_FALSE(rig.control.progress(1).has_value());
  CHECK(rig.timer == 0s);
}

TEST_CASE("a handshake under way holds up the end of a drain, for no longer than the grace time") {
  DrainRig rig(2);
  rig.drain(1, {.cause = CloseReason::BackendRemoved});
  rig.backend(1).state->exchanges = 1;
  rig.run(29s);
  CHECK(rig.done.empty());
  rig.run(2s);
  CHECK(rig.done.size() == 1);
}

TEST_CASE("sessions that were told and stay hold up the end of a drain") {
  DrainRig rig(2);
  rig.clients_leave = false;
  rig.open_many(1, 4);
  rig.drain(1);
  rig.run(5s);
  const auto progress = rig.progress(1);
  CHECK(progress.told == 4);
  CHECK(progress.remaining == 4);
  CHECK(progress.leaving == 4);
  CHECK(rig.done.empty());
  rig.close_told();
  rig.run(1s);
  CHECK(rig.done.size() == 1);
  CHECK(rig.progress(1).leaving == 0);
}

TEST_CASE("a client in the middle of a session keeps a draining backend until the grace time is over") {
  DrainRig rig(1);
  rig.drain(1);
  rig.run(29s);
  CHECK(takes_back(rig, 1));
  rig.run(2s);
  CHECK_FALSE(takes_back(rig, 1));
  rig.control.stop(1);
  rig.backend(1).state->mode = Mode::Enabled;
  CHECK(takes_back(rig, 1));
  rig.drain(1);
  CHECK(takes_back(rig, 1));
}

TEST_CASE("a drain that closes nothing tells nobody and keeps clients for good") {
  DrainRig rig(2);
  rig.open_many(1, 10);
  rig.drain(1, {.close = false});
  rig.run(2min);
  CHECK(rig.orders.empty());
  CHECK(takes_back(rig, 1));
  CHECK_FALSE(rig.progress(1).closes);
  CHECK_FALSE(rig.progress(1).eta.has_value());
  rig.backend(1).state->sessions = 0;
  rig.run(2s);
  CHECK(rig.done.size() == 1);
}

TEST_CASE("where nobody could take the clients in, an operator's drain rests until somebody can") {
  DrainRig rig(2, 2);
  rig.backend(2).state->health = backends::Health::Down;
  rig.open_many(1, 10);
  rig.drain(1);
  rig.run(1min);
  CHECK(rig.told(1) == 0);
  CHECK(rig.progress(1).rests);
  CHECK_FALSE(rig.progress(1).eta.has_value());
  CHECK(takes_back(rig, 1));
  rig.backend(2).state->health = backends::Health::Up;
  rig.run(2s);
  CHECK(rig.told(1) == 10);
  CHECK_FALSE(rig.progress(1).rests);
}

TEST_CASE("a drain with nobody left does not rest, whoever could take clients") {
  DrainRig rig(2, 2);
  rig.backend(2).state->health = backends::Health::Down;
  rig.open_many(1, 1);
  rig.drain(1);
  rig.run(2s);
  CHECK(rig.progress(1).rests);
  rig.backend(1).state->sessions = 0;
  CHECK_FALSE(rig.progress(1).rests);
  CHECK_FALSE(rig.progress(1).slowed);
}

TEST_CASE("what has to be told by a time, or lost its backend, does not rest") {
  DrainRig rig(1, 1);
  rig.open_many(1, 10);
  SECTION("disabled") {
    rig.drain(1, {.cause = CloseReason::BackendDisabled, .within = 10s});
  }
  SECTION("down") {
    rig.drain(1, {.cause = CloseReason::BackendDown});
  }
  SECTION("the pool is gone") {
    rig.pool_is_gone = true;
    rig.drain(1, {.cause = CloseReason::BackendRemoved});
    rig.control.tick();
  }
  rig.run(11s);
  CHECK(rig.done.size() == 1);
}

TEST_CASE("a time by which everybody is told raises the rate, and what is left in the end is cut") {
  DrainRig rig(3);
  rig.clients_leave = false;
  rig.open_many(1, 3000);
  rig.drain(1, {.cause = CloseReason::BackendDisabled, .within = 10s, .cut_after = 13s});
  rig.run(5s);
  CHECK(rig.told(1) >= 1400);
  CHECK(rig.told(1) <= 1600);
  CHECK(rig.progress(1).per_second > 250);
  CHECK(*rig.progress(1).eta <= 5s);
  rig.run(5s + app::DrainControl::kTick);
  CHECK(rig.told(1) == 3000);
  CHECK(rig.cuts.empty());
  rig.run(3s);
  REQUIRE_FALSE(rig.cuts.empty());
  CHECK(rig.cuts.front().backend == 1);
  CHECK(rig.cuts.front().cause == CloseReason::BackendDisabled);
}

TEST_CASE("who has to be told by a time goes before who has none") {
  DrainRig rig(2);
  rig.open_many(1, 1000);
  rig.open_many(2, 100);
  rig.drain(1);
  rig.drain(2, {.cause = CloseReason::BackendDisabled, .within = 27s});
  rig.run(2s);
  CHECK(rig.told(2) == 100);
  CHECK(rig.told(1) > 50);
}

TEST_CASE("everybody of every pool is told within the time when the process leaves") {
  DrainRig rig(2);
  rig.open_many(1, 2000);
  rig.open_many(2, 2000);
  rig.control.drain_all({rig.pool_view}, CloseReason::Shutdown, 10s);
  rig.run(9s);
  CHECK(rig.told(1) + rig.told(2) >= 3500);
  rig.run(1100ms);
  CHECK(rig.done.size() == 3);
}

TEST_CASE("without a limit of the rate everybody is told in the first tick") {
  DrainRig rig(4);
  rig.pool_view.drain.rate = {.events = 0};
  rig.open_many(1, 5000);
  rig.drain(1);
  rig.tick();
  CHECK(rig.told(1) == 5000);
}

TEST_CASE("a rate that a reload changes counts for the drain under way") {
  DrainRig rig(2);
  rig.open_many(1, 1000);
  rig.drain(1);
  rig.run(1s);
  rig.pool_view.drain.rate = {.events = 1000};
  rig.run(1s);
  CHECK(rig.told(1) > 900);
}

TEST_CASE("survivors that get slow slow the drain down, and it says so") {
  DrainRig rig(2);
  rig.open_many(1, 5000);
  rig.drain(1);
  const auto survive = [&rig](std::uint64_t us) {
    auto& state = *rig.backend(2).state;
    for (int i = 0; i < 20; ++i) {
      rig.tick();
      state.handshakes += 5;
      state.handshake_us += 5 * us;
    }
  };
  for (int i = 0; i < 3; ++i) {
    survive(1'000);
  }
  CHECK_FALSE(rig.progress(1).slowed);
  CHECK(rig.progress(1).per_second == 100);
  for (int i = 0; i < 3; ++i) {
    survive(500'000);
  }
  CHECK(rig.progress(1).slowed);
  CHECK(rig.progress(1).per_second <= 50);
  CHECK(*rig.progress(1).eta > 60s);
}

TEST_CASE("silent sessions of a backend that is down are told as they become silent, until it is back") {
  DrainRig rig(2);
  rig.open_many(1, 10);
  const auto down = [&rig] {
    rig.control.start(rig.pool_view, rig.backend(1),
                      {.cause = CloseReason::BackendDown, .silent_since = rig.clock.time});
  };
  down();
  rig.run(1s);
  CHECK(rig.told(1) == 10);
  rig.run(3s);
  down();  // again: the drain goes on and its time is moved on
  rig.open(0, 1);
  rig.run(3s);
  CHECK(rig.told(1) == 11);
  CHECK(rig.orders.back().silent_since > rig.orders.front().silent_since);
  rig.control.stop_if(1, CloseReason::Drained);
  CHECK(rig.control.progress(1).has_value());
  rig.control.stop_if(1, CloseReason::BackendDown);
  CHECK_FALSE(rig.control.progress(1).has_value());
}

TEST_CASE("a backend that goes down while an operator drains it stays the operator's") {
  DrainRig rig(2);
  rig.open_many(1, 1000);
  rig.drain(1);
  rig.control.start(rig.pool_view, rig.backend(1),
                    {.cause = CloseReason::BackendDown, .silent_since = rig.clock.time});
  CHECK(rig.progress(1).cause == CloseReason::Drained);
}

TEST_CASE("an operator's word that closes nothing outlives a backend that goes down and comes back") {
  DrainRig rig(2);
  rig.open_many(1, 10);
  rig.drain(1, {.close = false});
  const Instant begin = rig.progress(1).since;
  const auto down = [&rig] {
    rig.control.start(rig.pool_view, rig.backend(1),
                      {.cause = CloseReason::BackendDown, .silent_since = rig.clock.time});
  };
  down();
  rig.run(1s);
  CHECK(rig.progress(1).cause == CloseReason::BackendDown);
  CHECK(rig.told(1) == 10);
  down();
  rig.control.stop_if(1, CloseReason::BackendDown);
  CHECK(rig.progress(1).cause == CloseReason::Drained);
  CHECK(rig.progress(1).since == begin);
  CHECK_FALSE(rig.progress(1).closes);
  rig.open_many(1, 10);
  rig.run(2min);
  CHECK(rig.told(1) == 0);

  down();
  rig.control.stop(1);  // enable is the last word
  rig.control.stop_if(1, CloseReason::BackendDown);
  CHECK_FALSE(rig.control.progress(1).has_value());
  CHECK(rig.timer == Duration::zero());
}

TEST_CASE("what was cut since the drain began is told") {
  DrainRig rig(1);
  rig.backend(1).state->cut_short = 7;
  rig.open_many(1, 10);
  rig.drain(1);
  rig.backend(1).state->cut_short += 2;
  CHECK(rig.progress(1).cut == 2);
}

TEST_CASE("everybody is told three seconds before the end of the grace time, or at its half") {
  CHECK(app::told_by(30s) == 27s);
  CHECK(app::told_by(6s) == 3s);
  CHECK(app::told_by(2s) == 1s);
}
