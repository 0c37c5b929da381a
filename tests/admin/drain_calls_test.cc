// The calls by which an operator takes backends out of service and ends sessions.
#include "tests/admin/endpoint_rig.h"

using namespace limpet;
using backends::Mode;
using test::EndpointRig;

namespace {

using Json = nlohmann::json;

test::ClientAnswer post(EndpointRig& rig, std::string_view target, std::string_view body = {}) {
  return rig.call("POST", target, body.empty() ? "" : "Content-Type: application/json\r\n", body);
}

bool nothing_was_ordered(EndpointRig& rig) {
  bool nothing = false;
  rig.run_on_loop([&] { nothing = !rig.source().last_order.has_value(); });
  return nothing;
}

}  // namespace

TEST_CASE("drain, enable and disable say the mode and answer the backend") {
  EndpointRig rig;
  const auto [word, mode, shown] =
      GENERATE(table<const char*, Mode, const char*>({{"drain", Mode::Draining, "draining"},
                                                      {"enable", Mode::Enabled, "enabled"},
                                                      {"disable", Mode::Disabled, "disabled"}}));
  const auto answer = post(rig, std::string("/v1/backends/b1/") + word + "?pool=default");
  CHECK(answer.status == 200);
  CHECK(answer.json()["name"] == "b1");
  CHECK(answer.json()["mode"] == shown);
  rig.run_on_loop([&rig, mode = mode] {
    CHECK(rig.source().last_backend->name == "b1");
    CHECK(rig.source().last_backend->pool == "default");
    CHECK(rig.source().last_order->mode == mode);
    CHECK(rig.source().last_order->close);
    CHECK(rig.source().last_order->rate.empty());
  });
  CHECK(post(rig, std::string("/v1/backends/b1/") + word, "{}").status == 200);
  CHECK(post(rig, std::string("/v1/backends/nobody/") + word).status == 404);
}

TEST_CASE("a drain takes a rate and whether it closes") {
  EndpointRig rig;
  CHECK(post(rig, "/v1/backends/b1/drain", R"({"rate": "50/s", "close": false})").status == 200);
  rig.run_on_loop([&] {
    CHECK(rig.source().last_order->rate == "50/s");
    CHECK_FALSE(rig.source().last_order->close);
  });
}

TEST_CASE("a body that is not understood changes nothing") {
  EndpointRig rig;
  const auto [word, body] = GENERATE(table<const char*, const char*>({{"drain", "[]"},
                                                                      {"drain", "{"},
                                                                      {"drain", R"({"rate": 50})"},
                                                                      {"drain", R"({"rate": ""})"},
                                                                      {"drain", R"({"close": "yes"})"},
                                                                      {"drain", R"({"pace": "50/s"})"},
                                                                      {"enable", R"({"rate": "50/s"})"},
                                                                      {"enable", "true"},
                                                                      {"disable", R"({"close": true})"}}));
  const auto answer = post(rig, std::string("/v1/backends/b1/") + word, body);
  CHECK(answer.status == 400);
  CHECK(answer.json()["error"] == "body");
  CHECK(nothing_was_ordered(rig));
}

TEST_CASE("nothing drains by GET, without JSON or with a parameter that is unknown") {
  EndpointRig rig;
  CHECK(rig.get("/v1/backends/b1/drain").status == 405);
  CHECK(rig.call("POST", "/v1/backends/b1/drain", "", "{}").status == 415);
  CHECK(post(rig, "/v1/backends/b1/drain?rate=50/s").status == 400);
  CHECK(post(rig, "/v1/backends//drain").status == 404);
  CHECK(nothing_was_ordered(rig));
}

TEST_CASE("the name of a backend may be an address or a path") {
  EndpointRig rig;
  CHECK(post(rig, "/v1/backends/unix%3A%2Frun%2Fapp/drain").status == 404);
  rig.run_on_loop([&] { CHECK(rig.source().last_backend->name == "unix:/run/app"); });
}

TEST_CASE("a backend that drains shows how it goes on") {
  EndpointRig rig;
  rig.run_on_loop([&] {
    rig.source().drain_of_b1 = {.cause = "drained",
                                .since = WallTime(Duration(1500)),
                                .told = 3,
                                .remaining = 9,
                                .leaving = 2,
                                .cut = 1,
                                .per_second = 12.5,
                                .eta = Duration(560),
                                .slowed = true};
  });
  CHECK(rig.get("/v1/backends").json()["backends"][0]["drain"] == Json::parse(R"({
    "cause": "drained", "since": "1970-01-01T00:00:01.500Z", "told": 3, "remaining": 9, "leaving": 2, "cut": 1,
    "rate": "12.5/s", "eta_s": 0.56, "slowed": true, "resting": false, "close": true})"));
  rig.run_on_loop([&] {
    rig.source().drain_of_b1->eta = std::nullopt;
    rig.source().drain_of_b1->per_second = 0;
  });
  const Json drain = rig.get("/v1/backends").json()["backends"][0]["drain"];
  CHECK(drain["eta_s"].is_null());
  CHECK(drain["rate"] == "0/s");
}

TEST_CASE("a session is ended by its number") {
  EndpointRig rig;
  rig.run_on_loop([&] {
    rig.source().live.resize(1);
    rig.source().live[0].id = 17;
  });
  const auto answer = rig.call("DELETE", "/v1/sessions/17");
  CHECK(answer.status == 200);
  CHECK(answer.json() == Json::parse(R"({"id": 17, "leaving": true})"));
  CHECK(rig.call("DELETE", "/v1/sessions/18").status == 404);
  CHECK(rig.call("DELETE", "/v1/sessions/all").status == 400);
  CHECK(rig.call("DELETE", "/v1/sessions/17?backend=b1").status == 400);
  CHECK(rig.get("/v1/sessions/17").status == 405);
  rig.run_on_loop([&] { CHECK(rig.source().ended == std::vector<std::uint64_t>{17, 18}); });
}

TEST_CASE("a pin is moved with its live sessions or without") {
  EndpointRig rig;
  const bool move = GENERATE(true, false);
  CHECK(rig.put("/v1/affinity/alice", move ? R"({"backend": "b1", "move": true})" : R"({"backend": "b1"})")
            .status == 200);
  rig.run_on_loop([&] {
    CHECK(rig.source().last_target->backend == "b1");
    CHECK(rig.source().last_target->move == move);
  });
}
