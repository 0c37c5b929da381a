// What an operator says of a backend.
#include "app/admin_drains.h"

#include "tests/app/drain_rig.h"

using namespace limpet;
using admin::ModeOrder;
using admin::Refusal;
using backends::Mode;
using test::DrainRig;

namespace {

struct Desk {
  DrainRig rig{2};
  proxy::Snapshot snapshot;

  Desk() { snapshot.pools.push_back(rig.pool_view); }
  admin::OrRefusal<app::LocatedBackend> say(const ModeOrder& order, const std::string& name = "b1") {
    return app::set_mode({.snapshot = snapshot, .drains = rig.control, .log = *rig.log},
                         {.name = name, .pool = {}}, order);
  }
  void remove_first() {
    auto& backends = snapshot.pools.front().backends;
    std::vector<backends::Backend> list(backends.all().begin(), backends.all().end());
    list.front().is_leaving = true;
    backends = backends::BackendSet(std::move(list));
  }
  [[nodiscard]] Mode mode() const { return rig.backend(1).state->mode; }
};

std::string refused(const admin::OrRefusal<app::LocatedBackend>& answer) {
  const auto* const refusal = std::get_if<Refusal>(&answer);
  return refusal == nullptr ? "" : std::to_string(refusal->status) + " " + refusal->word;
}

}  // namespace

TEST_CASE("drain begins one at the rate that was said, enable ends it") {
  Desk desk;
  CHECK(refused(desk.say({.mode = Mode::Draining, .rate = "50/s"})).empty());
  CHECK(desk.mode() == Mode::Draining);
  CHECK(desk.rig.progress(1).cause == CloseReason::Drained);
  CHECK(desk.rig.progress(1).per_second == 50);
  CHECK(refused(desk.say({.mode = Mode::Enabled})).empty());
  CHECK(desk.mode() == Mode::Enabled);
  CHECK_FALSE(desk.rig.control.progress(1).has_value());
}

TEST_CASE("a second drain takes the place of the first") {
  Desk desk;
  CHECK(refused(desk.say({.mode = Mode::Draining, .rate = "50/s"})).empty());
  CHECK(refused(desk.say({.mode = Mode::Draining, .rate = "0/s", .close = false})).empty());
  CHECK(desk.rig.progress(1).per_second == 0);
  CHECK_FALSE(desk.rig.progress(1).closes);
}

TEST_CASE("disable has everybody told and gone within the grace time") {
  Desk desk;
  desk.rig.clients_leave = false;
  desk.rig.open_many(1, 4000);
  CHECK(refused(desk.say({.mode = Mode::Disabled})).empty());
  CHECK(desk.mode() == Mode::Disabled);
  desk.rig.run(desk.rig.pool_view.drain.grace - std::chrono::seconds(1));
  CHECK(desk.rig.told(1) == 4000);
  CHECK(desk.rig.cuts.empty());
  desk.rig.run(std::chrono::seconds(2));
  CHECK_FALSE(desk.rig.cuts.empty());
}

TEST_CASE("what is not understood changes nothing") {
  Desk desk;
  CHECK(refused(desk.say({.mode = Mode::Draining}, "nobody")) == "404 backend");
  for (const auto* const rate : {"50", "fast", "-1/s", "50/d"}) {
    CHECK(refused(desk.say({.mode = Mode::Draining, .rate = rate})) == "400 rate");
  }
  CHECK(desk.mode() == Mode::Enabled);
  CHECK_FALSE(desk.rig.control.progress(1).has_value());
}

TEST_CASE("a backend that is being removed is the configuration's") {
  Desk desk;
  desk.remove_first();
  for (const Mode mode : {Mode::Enabled, Mode::Draining, Mode::Disabled}) {
    CHECK(refused(desk.say({.mode = mode})) == "409 removed");
  }
  CHECK(desk.mode() == Mode::Enabled);
  CHECK_FALSE(desk.rig.control.progress(1).has_value());
}

TEST_CASE("enable leaves a backend alone that is enabled and down") {
  Desk desk;
  desk.rig.control.start(desk.rig.pool_view, desk.rig.backend(1),
                         {.cause = CloseReason::BackendDown, .silent_since = desk.rig.clock.time});
  CHECK(refused(desk.say({.mode = Mode::Enabled})).empty());
  CHECK(desk.rig.control.progress(1).has_value());
}

TEST_CASE("a drain is told with its word, its begin on the wall clock and its numbers") {
  Desk desk;
  desk.rig.open_many(1, 10);
  desk.rig.drain(1);
  const app::Times times{.now = desk.rig.clock.time + Duration(500), .wall_now = WallTime(Duration(10'000))};
  const auto info = app::drain_info(desk.rig.control, 1, times);
  REQUIRE(info.has_value());
  CHECK(info->cause == "drained");
  CHECK(info->since == WallTime(Duration(9'500)));
  CHECK(info->remaining == 10);
  CHECK(info->per_second == 100);
  CHECK_FALSE(app::drain_info(desk.rig.control, 2, times).has_value());
}
