// What limpet remembers of the last hour, and the calls that tell of it.
#include "admin/history.h"

#include "tests/admin/endpoint_rig.h"

using namespace limpet;
using test::EndpointRig;

namespace {

using Json = nlohmann::json;
using ThreeKept = admin::Ring<int, 3>;

ThreeKept ring_with(int values) {
  ThreeKept ring;
  for (int i = 1; i <= values; ++i) {
    ring.add(i);
  }
  return ring;
}

void add_samples(EndpointRig& rig, std::uint64_t count) {
  rig.run_on_loop([&] {
    auto& samples = rig.source().hour.samples;
    for (std::uint64_t i = 1; i <= count; ++i) {
      admin::Sample sample{.at = WallTime(samples.last() * admin::kSampleEvery)};
      sample[admin::Series::Sessions] = samples.last() + 1;
      sample[admin::Series::Errors] = 7;
      samples.add(sample);
    }
  });
}

}  // namespace

TEST_CASE("a ring keeps the newest, each under the number it always had") {
  for (int added = 0; added <= 10; ++added) {
    INFO(added);
    const ThreeKept ring = ring_with(added);
    CHECK(ring.last() == static_cast<std::uint64_t>(added));
    CHECK(ring.first() == static_cast<std::uint64_t>(added < 3 ? 1 : added - 2));
    for (auto i = ring.first(); i <= ring.last(); ++i) {
      CHECK(ring.at(i) == static_cast<int>(i));
    }
  }
}

TEST_CASE("who has seen some of a ring gets the rest, who has seen another ring gets all") {
  const ThreeKept ring = ring_with(10);
  CHECK(ring.first_after(0) == 8);
  CHECK(ring.first_after(3) == 8);
  CHECK(ring.first_after(7) == 8);
  CHECK(ring.first_after(8) == 9);
  CHECK(ring.first_after(10) == 11);
  CHECK(ring.first_after(11) == 8);
  CHECK(ring_with(0).first_after(0) == 1);
  CHECK(ring_with(0).first_after(5) == 1);
}

TEST_CASE("history is an hour of samples under the names of the totals") {
  EndpointRig rig;
  CHECK(rig.get("/v1/history").json() == Json::parse(R"({"every_s": 5, "last": 0, "samples": [],
    "columns": ["time_ms", "sessions", "connections", "requests", "sessions_opened", "sessions_ended",
                "backend_attempts_failed", "messages", "errors"]})"));
  add_samples(rig, 1000);
  const Json history = rig.get("/v1/history").json();
  CHECK(history["last"] == 1000);
  REQUIRE(history["samples"].size() == 720);
  CHECK(history["samples"][0] == Json{280 * 5000, 281, 0, 0, 0, 0, 0, 0, 7});
  CHECK(history["samples"][719] == Json{999 * 5000, 1000, 0, 0, 0, 0, 0, 0, 7});
}

TEST_CASE("history since a sample is what came after it") {
  EndpointRig rig;
  add_samples(rig, 5);
  CHECK(rig.get("/v1/history?since=5").json()["samples"].empty());
  CHECK(rig.get("/v1/history?since=3").json()["samples"].size() == 2);
  CHECK(rig.get("/v1/history?since=6").json()["samples"].size() == 5);
  for (const auto* const target : {"/v1/history?since=x", "/v1/history?since=-1", "/v1/history?from=1",
                                   "/v1/events?since=", "/v1/events?since=1&since=2"}) {
    INFO(target);
    CHECK(rig.get(target).status == 400);
  }
}

TEST_CASE("events have an id that only grows, and null for what does not apply") {
  EndpointRig rig;
  rig.run_on_loop([&] {
    auto& events = rig.source().hour.events;
    for (int i = 0; i < 300; ++i) {
      events.add({.at = WallTime(), .what = "configuration", .from = "1", .to = "2"});
    }
    events.add({.at = WallTime(Duration(1500)),
                .what = "health",
                .pool = "default",
                .backend = "<b>\xff",
                .from = "up",
                .to = "down",
                .sessions = 12});
  });
  const Json all = rig.get("/v1/events").json();
  CHECK(all["last"] == 301);
  REQUIRE(all["events"].size() == 256);
  CHECK(all["events"][0] ==
        Json::parse(R"({"id": 46, "at": "1970-01-01T00:00:00.000Z", "event": "configuration", "pool": null,
                        "backend": null, "from": "1", "to": "2", "sessions": 0})"));
  const Json newest = rig.get("/v1/events?since=300").json()["events"];
  REQUIRE(newest.size() == 1);
  CHECK(newest[0] ==
        Json::parse(R"({"id": 301, "at": "1970-01-01T00:00:01.500Z", "event": "health", "pool": "default",
                        "backend": "<b>\ufffd", "from": "up", "to": "down", "sessions": 12})"));
  CHECK(rig.get("/v1/events?since=301").json()["events"].empty());
}
