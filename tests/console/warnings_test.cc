// Which warnings there are, from what the endpoint answers.
#include "console/warnings.h"

#include <algorithm>

#include "console/summary.h"
#include "tests/support/catch.h"

using namespace limpet::console;

namespace {

Json backend(const char* name, const char* health = "up", const char* mode = "enabled") {
  return {{"name", name},          {"pool", "default"}, {"weight", 1},
          {"health", health},      {"mode", mode},      {"sessions", 0},
          {"last_probe", nullptr}, {"drain", nullptr},  {"ejected_until", nullptr},
          {"leaving", false},      {"runtime", nullptr}};
}

// A limpet with two backends where everything is well.
struct Healthy {
  Json status = Json::parse(R"({
    "version": "1.2.3", "uptime_s": 61, "workers": 2, "generation": 7, "pid": 4711, "sessions": 0, "pins": 10,
    "config": {"file": "/etc/limpet.yaml", "loaded_at": "2026-01-31T08:15:30.123Z"},
    "listeners": [{"address": "127.0.0.1:8080", "pool": "default"}],
    "pools": [{"name": "default", "drain_rate": "100/s", "drain_grace_s": 30}],
    "totals": {"requests": 5, "ends": {"completed": 4}},
    "predecessor": null, "shared_state": null, "not_ready": null, "evicted_pins": 0,
    "room": {"connections": {"used": 4, "most": 100}, "descriptors": {"used": 30, "most": 1024},
             "pins": {"used": 10, "most": 1000}}})");
  Json backends{{"backends", Json::array({backend("b1"), backend("b2")})}};

  Json& b1() { return backends["backends"][0]; }
  Json& b2() { return backends["backends"][1]; }
  [[nodiscard]] std::vector<Warning> warnings() const { return warnings_of(status, backends); }
  [[nodiscard]] bool warns(Gravity gravity, const std::string& words) const {
    return std::ranges::any_of(warnings(), [&](const Warning& warning) {
      return warning.gravity == gravity && warning.text.find(words) != std::string::npos;
    });
  }
};

}  // namespace

TEST_CASE("where everything is well there is nothing to warn of") {
  CHECK(Healthy().warnings().empty());
  CHECK(status_summary(Healthy().status, Healthy().backends).starts_with("no warnings\n"));
}

TEST_CASE("an endpoint that tells less, or something else, is not believed to be in trouble") {
  CHECK(warnings_of(Json::object(), Json::object()).empty());
  CHECK(warnings_of(Json(3), Json::array()).empty());
  CHECK(warnings_of(Json::parse(R"({"pools": 7, "room": [], "listeners": {"a": 1}, "shared_state": "up"})"),
                    Json::parse(R"({"backends": {"a": 3}})"))
            .size() <= 1);
  CHECK_FALSE(status_summary(Json::object(), Json::object()).empty());
}

TEST_CASE("a backend that is down is told with what its probe said") {
  Healthy limpet;
  limpet.b1()["health"] = "down";
  limpet.b1()["last_probe"] = {{"ok", false}, {"detail", "connection refused"}};
  CHECK(limpet.warns(Gravity::Warning, "b1 is down: connection refused"));
  CHECK(limpet.warnings().size() == 1);

  limpet.b1()["mode"] = "disabled";
  CHECK_FALSE(limpet.warns(Gravity::Warning, "is down"));
  CHECK(limpet.warns(Gravity::Notice, "b1 is disabled, empty: until limpet enable"));
}

TEST_CASE("a pool that nobody serves is the worst") {
  Healthy limpet;
  limpet.b1()["health"] = "down";
  limpet.b2()["mode"] = "draining";
  REQUIRE_FALSE(limpet.warnings().empty());
  CHECK(limpet.warnings().front() ==
        Warning{Gravity::Fault, "no backend of pool default takes clients: new ones are answered 503"});
  limpet.b1()["health"] = "unknown";
  CHECK_FALSE(limpet.warns(Gravity::Fault, "no backend"));
}

TEST_CASE("a backend that traffic has ejected is told") {
  Healthy limpet;
  limpet.b2()["ejected_until"] = "2026-01-31T08:15:30.123Z";
  CHECK(limpet.warns(Gravity::Warning, "b2 is kept back until 2026-01-31T08:15:30.123Z"));
}

TEST_CASE("certificates are told three weeks before their end, and when they have ended") {
  Healthy limpet;
  const auto with_days = [&](int days) {
    limpet.status["listeners"][0]["tls"] = {
        {{"names", {"a.test"}}, {"not_after", "2026-02-01T00:00:00Z"}, {"days_left", days}}};
  };
  with_days(21);
  CHECK(limpet.warnings().empty());
  with_days(20);
  CHECK(limpet.warns(Gravity::Warning, "the certificate for a.test on 127.0.0.1:8080 ends in 20 days"));
  with_days(1);
  CHECK(limpet.warns(Gravity::Warning, "ends in 1 day:"));
  with_days(-1);
  CHECK(limpet.warns(Gravity::Fault, "has ended on 2026-02-01"));
}

TEST_CASE("a drain that rests or is slowed is told, one that goes well is a notice") {
  Healthy limpet;
  limpet.b1()["mode"] = "draining";
  limpet.b1()["sessions"] = 3;
  limpet.b1()["drain"] = {{"remaining", 3}, {"resting", false}, {"slowed", false}};
  CHECK(limpet.warns(Gravity::Notice, "b1 is draining, 3 sessions left: until limpet enable"));
  limpet.b1()["drain"]["slowed"] = true;
  CHECK(limpet.warns(Gravity::Warning, "the drain of b1 is slowed, 3 sessions left"));
  limpet.b1()["drain"]["resting"] = true;
  CHECK(limpet.warns(Gravity::Warning, "the drain of b1 rests"));
}

TEST_CASE("imbalance is told where there are enough sessions, by weight, among those that take clients") {
  Healthy limpet;
  limpet.backends["backends"].push_back(backend("b3"));
  const auto sessions = [&](int first, int second, int third) {
    limpet.b1()["sessions"] = first;
    limpet.b2()["sessions"] = second;
    limpet.backends["backends"][2]["sessions"] = third;
  };
  sessions(90, 5, 5);
  CHECK(limpet.warnings().empty());
  sessions(900, 50, 50);
  CHECK(limpet.warns(Gravity::Warning, "b1 carries 2.7 times its share: 900 sessions"));
  limpet.b1()["weight"] = 10;
  CHECK(limpet.warnings().empty());
  limpet.b1()["weight"] = 1;
  limpet.b1()["mode"] = "draining";
  CHECK_FALSE(limpet.warns(Gravity::Warning, "share"));
}

TEST_CASE("limits are told when nine tenths of them are used") {
  Healthy limpet;
  const auto [name, used, near] = GENERATE(
      table<const char*, int, int>({{"connections", 90, 91}, {"descriptors", 921, 922}, {"pins", 900, 901}}));
  limpet.status["room"][name]["used"] = used;
  CHECK(limpet.warnings().empty());
  limpet.status["room"][name]["used"] = near;
  CHECK(limpet.warns(Gravity::Warning, std::string(name) + " are in use"));
  limpet.status["room"][name]["most"] = 0;
  CHECK(limpet.warnings().empty());
}

TEST_CASE("what else there is to know") {
  Healthy limpet;
  limpet.status["evicted_pins"] = 17;
  CHECK(limpet.warns(Gravity::Notice, "17 pins went since the start because the table was full"));
  limpet.status["not_ready"] = "out_of_descriptors";
  CHECK(limpet.warns(Gravity::Fault, "accepting rests"));
  limpet.status["not_ready"] = "stopping";
  CHECK(limpet.warns(Gravity::Fault, "limpet is leaving"));
  limpet.status["shared_state"] = {{"state", "down"}, {"since_s", 75.2}, {"detail", "connection refused"}};
  CHECK(limpet.warns(Gravity::Warning, "away for 1m15s, this node decides alone: connection refused"));
  limpet.status["predecessor"] = {{"pid", 17}, {"sessions", 1}};
  CHECK(limpet.warns(Gravity::Notice, "an upgrade is under way: 1 session left in the old process 17"));
  limpet.b1()["runtime"] = "added";
  limpet.b2()["runtime"] = "weight";
  CHECK(limpet.warns(Gravity::Notice, "b1 was added since the file was read: a reload undoes it"));
  CHECK(limpet.warns(Gravity::Notice, "b2 has another weight since"));
  CHECK(std::ranges::is_sorted(limpet.warnings(), {}, &Warning::gravity));
}

TEST_CASE("of many alike a few are named, and names cannot write on the terminal") {
  Healthy limpet;
  limpet.status["pools"].push_back({{"name", "chat"}});
  for (int i = 0; i < 100; ++i) {
    limpet.backends["backends"].push_back(backend("x\x1b[2J\n", "down"));
  }
  limpet.backends["backends"].push_back(backend("c1"));
  limpet.backends["backends"].back()["pool"] = "chat";
  CHECK(limpet.warnings().size() == 9);
  CHECK(limpet.warns(Gravity::Warning, "x\\x1b[2J\\x0a of pool default is down"));
  CHECK(limpet.warns(Gravity::Warning, "and 92 more like these"));
}

TEST_CASE("the summary of a status says warnings first, then how it is") {
  Healthy limpet;
  limpet.b1()["health"] = "down";
  const std::string summary = status_summary(limpet.status, limpet.backends);
  CHECK(
      summary.starts_with("warning  b1 is down\n\nlimpet         1.2.3, process 4711, up 1m1s, 2 workers\n"));
  CHECK(summary.find("configuration  7 of 2026-01-31T08:15:30.123Z, /etc/limpet.yaml\n") !=
        std::string::npos);
  CHECK(summary.find("pins           10 of 1000\n") != std::string::npos);
  CHECK(summary.find("default  2         1             0         100/s\n") != std::string::npos);
  CHECK(summary.find("ends: completed  4\n") != std::string::npos);
}
