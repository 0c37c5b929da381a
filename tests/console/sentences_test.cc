// Progress and explanations in words.
#include "console/explain_text.h"
#include "console/progress.h"
#include "tests/support/catch.h"

using namespace limpet::console;

TEST_CASE("a drain says what is left, told and cut, at which rate, and for how long") {
  Json drain = Json::parse(
      R"({"remaining": 83, "told": 120, "cut": 0, "rate": "50/s", "eta_s": 1.6, "slowed": false, "resting": false})");
  CHECK(drain_progress(drain) == "about 1s: 83 left, 120 told, 0 cut, 50/s");
  drain["slowed"] = true;
  CHECK(drain_progress(drain) ==
        "about 1s: 83 left, 120 told, 0 cut, 50/s, slowed: the other backends are in distress");
  drain["resting"] = true;
  CHECK(drain_progress(drain) ==
        "83 left, 120 told, 0 cut; resting: no other backend could take the clients");
  drain = Json::parse(R"({"remaining": 0, "told": 203, "cut": 1, "rate": "50/s", "eta_s": 0})");
  CHECK(drain_progress(drain) == "0 left, 203 told, 1 cut, 50/s");
}

TEST_CASE("an upgrade tells the time that is left once it knows how fast sessions go") {
  UpgradeProgress progress;
  progress.take(100, 1.0);
  CHECK(progress.line() == "100 sessions left in the old process");
  progress.take(90, 2.0);
  CHECK(progress.line() == "90 sessions left in the old process, 10/s, about 9s");
  CHECK(progress.plain() == "90 sessions left in the old process");
  progress.take(90, 3.0);
  CHECK(progress.line() == "90 sessions left in the old process, 7/s, about 12s");
}

TEST_CASE("an explanation is told step by step") {
  const std::string told =
      explanation_text(Json::parse(R"({"pool": "default", "key": "10.0.0.1", "kind": "client_ip",
    "steps": [{"step": "by_hand", "backend": null, "verdict": "none"}, {"step": "pin", "backend": "b1", "verdict": "down"},
              {"step": "walk", "backend": "b3", "verdict": "over its load bound"},
              {"step": "walk", "backend": "b2", "verdict": "taken"}], "backend": "b2", "reason": "failover"})"));
  CHECK(told ==
        "the client with the key 10.0.0.1 (client_ip), in pool default:\n"
        "  1  a pin set by an operator                  -   there is none\n"
        "  2  the pin in the table                      b1  it is down\n"
        "  3  the order of backends that the key gives  b3  it is over its load bound\n"
        "  4  the order of backends that the key gives  b2  it is taken\n"
        "it would go to b2: its own backend cannot take it\n");
  CHECK(explanation_text(Json::parse(
            R"({"pool": "default", "key": null, "steps": [], "backend": null, "reason": "no_backend"})")) ==
        "a client that has no key yet, in pool default:\nit would be answered 503: no backend can take it\n");
}

TEST_CASE("a forecast is told as who moves where and when") {
  CHECK(forecast_text(Json::parse(
            R"({"pool": "default", "without": "b2", "with": null, "weight": null, "keys": 10, "sessions": 4,
    "moves": [{"from": "b2", "to": "b1", "when": "at_once", "keys": 3, "sessions": 2},
              {"from": "b2", "to": null, "when": "at_once", "keys": 1, "sessions": 0}]})")) ==
        "pool default without b2: of 10 keys with 4 live sessions, 4 keys would move at once\n"
        "FROM  TO           KEYS  SESSIONS  WHEN\n"
        "b2    b1           3     2         next request\n"
        "b2    nobody: 503  1     0         next request\n");
  CHECK(
      forecast_text(Json::parse(
          R"({"pool": "default", "without": null, "with": "b3", "weight": 2, "keys": 10, "sessions": 4, "moves": []})")) ==
      "pool default with b3 of weight 2: of 10 keys with 4 live sessions, 0 keys would move at once and 0 "
      "keys in time (pins hold until then)\n");
}
