// What each call of the admin endpoint takes and answers.
#include <set>

#include "tests/admin/endpoint_rig.h"

using namespace limpet;
using test::EndpointRig;

namespace {

using Json = nlohmann::json;

void fill(EndpointRig& rig, int pins) {
  rig.run_on_loop([&] {
    for (int i = 0; i < pins; ++i) {
      rig.source().add_pin("user-" + std::to_string(i), i % 3 == 0 ? "b1" : "b2");
    }
  });
}

// The endpoint has put a question to the source and waits for its answer.
void wait_until_asked(EndpointRig& rig) {
  bool asked = false;
  while (!asked) {
    rig.run_on_loop([&] { asked = rig.source().has_waiter(); });
  }
}

}  // namespace

TEST_CASE("healthz answers ok whatever is missing, readyz names what is") {
  EndpointRig rig;
  CHECK(rig.get("/healthz").body == "ok");
  CHECK(rig.get("/readyz").body == "ready");
  CHECK(rig.get("/readyz").status == 200);
  rig.run_on_loop([&] { rig.source().missing = "no_backend"; });
  CHECK(rig.get("/healthz").status == 200);
  CHECK(rig.get("/readyz").status == 503);
  CHECK(rig.get("/readyz").body == "no_backend");
}

TEST_CASE("the help page is HTML and names every call") {
  EndpointRig rig;
  const auto page = rig.get("/help");
  CHECK(page.status == 200);
  CHECK(page.fields.at("Content-Type") == "text/html; charset=utf-8");
  for (const auto* const call : {"/healthz", "/v1/status", "/v1/affinity/{key}", "/v1/sessions"}) {
    CHECK(page.body.find(call) != std::string::npos);
  }
}

TEST_CASE("status has the names of the contract") {
  EndpointRig rig;
  const Json status = rig.get("/v1/status").json();
  CHECK(status == Json::parse(R"({
    "version": "1.2.3", "uptime_s": 1.5, "workers": 2, "generation": 7, "sessions": 0, "pins": 0,
    "config": {"file": "/etc/limpet.yaml", "generation": 7, "loaded_at": "1970-01-01T00:00:01.000Z", "by": "signal"},
    "pid": 4711, "predecessor": null, "shared_state": null, "not_ready": "no_backend", "evicted_pins": 3,
    "room": {"descriptors": {"used": 30, "most": 1024}},
    "pools": [{"name": "default", "drain_rate": "100/s", "drain_grace_s": 30.0}],
    "totals": {"requests": 5, "connections": 3, "ends": {"completed": 4},
               "tls_clients": {"handshakes": 9, "resumed": 4, "handed_over": 1, "failures": {"not_tls": 2}},
               "tls_backends": {"handshakes": 0, "resumed": 0, "handed_over": 0, "failures": {}}},
    "listeners": [{"address": "127.0.0.1:8080", "pool": "default", "kernel_tls": "no_key_change",
                   "tls": [{"names": ["a.test"], "not_after": "1970-01-01T00:00:00.000Z", "days_left": -3}]}, {"address": "unix:/run/x", "pool": null}]})"));
}

TEST_CASE("backends have the names of the contract and null before the first probe") {
  EndpointRig rig;
  const Json backends = rig.get("/v1/backends").json().at("backends");
  REQUIRE(backends.size() == 2);
  CHECK(backends[0] == Json::parse(R"({
    "name": "b1", "pool": "default", "address": "127.0.0.1:1", "weight": 1, "health": "up", "mode": "enabled",
    "sessions": 0, "elsewhere": 0, "requests": 0, "failures": 0, "leaving": false, "runtime": null,
    "last_probe": {"ok": true, "detail": "connected", "when": "1970-01-01T00:00:01.000Z", "took_ms": 3}, "drain": null,
    "ejected_until": null})"));
  CHECK(backends[1]["health"] == "unknown");
  CHECK(backends[1]["last_probe"].is_null());
}

TEST_CASE("an entry of the affinity table has the names of the contract") {
  EndpointRig rig;
  fill(rig, 1);
  const Json expected = Json::parse(R"({
    "key": "user-0", "kind": "header", "pool": "default", "backend": "b1", "reason": "hash", "sessions": 0,
    "created": "1970-01-01T00:00:00.000Z", "last_seen": "1970-01-01T00:00:01.500Z",
    "expires": "1970-01-01T01:00:01.500Z"})");
  CHECK(rig.get("/v1/affinity/user-0").json() == expected);
  const Json page = rig.get("/v1/affinity").json();
  CHECK(page == Json{{"total", 1}, {"entries", {expected}}, {"next", nullptr}});
}

TEST_CASE("an entry with live sessions does not expire and a backend that is gone is null") {
  EndpointRig rig;
  rig.run_on_loop([&] {
    rig.source().add_pin("k", "");
    rig.source().table[0].expires = std::nullopt;
  });
  const Json entry = rig.get("/v1/affinity/k").json();
  CHECK(entry["expires"].is_null());
  CHECK(entry["backend"].is_null());
}

TEST_CASE("walking the pages of the affinity table lists every entry once") {
  EndpointRig rig;
  fill(rig, 257);
  const int limit = GENERATE(1, 7, 100, 256, 257, 1000);
  std::multiset<std::string> keys;
  Json next = "0";
  while (!next.is_null()) {
    const auto answer =
        rig.get("/v1/affinity?limit=" + std::to_string(limit) + "&cursor=" + next.get<std::string>());
    REQUIRE(answer.status == 200);
    const Json page = answer.json();
    for (const Json& entry : page["entries"]) {
      keys.insert(entry["key"].get<std::string>());
    }
    next = page["next"];
  }
  CHECK(keys.size() == 257);
  CHECK(std::set<std::string>(keys.begin(), keys.end()).size() == 257);
}

TEST_CASE("filters of the affinity table reach the source and the default page is a hundred") {
  EndpointRig rig;
  fill(rig, 300);
  CHECK(rig.get("/v1/affinity").json()["entries"].size() == 100);
  CHECK(rig.get("/v1/affinity?backend=b1&pool=default&kind=client_ip&limit=3").status == 200);
  rig.run_on_loop([&] {
    const auto& query = rig.source().last_query;
    REQUIRE(query);
    CHECK(query->limit == 3);
    CHECK(query->backend.name == "b1");
    CHECK(query->backend.pool == "default");
    CHECK(query->kind == affinity::KeyKind::ClientIp);
  });
}

TEST_CASE("bad parameters are answered 400 with a word and a sentence") {
  EndpointRig rig;
  const auto* const target = GENERATE(
      "/v1/affinity?limit=0", "/v1/affinity?limit=1001", "/v1/affinity?limit=-1", "/v1/affinity?limit=ten",
      "/v1/affinity?limit=", "/v1/affinity?cursor=x", "/v1/affinity?kind=colour", "/v1/affinity?colour=red",
      "/v1/affinity?limit=1&limit=2", "/v1/affinity?backend=", "/v1/affinity?backend=%zz", "/v1/affinity/%zz",
      "/v1/affinity/k?kind=x", "/v1/sessions?kind=cookie", "/v1/sessions?limit=0", "/v1/affinity/explain",
      "/v1/affinity/explain?client_ip=house", "/v1/affinity/explain?key=1");
  INFO(target);
  const auto answer = rig.get(target);
  CHECK(answer.status == 400);
  CHECK(answer.json()["error"].is_string());
  CHECK(answer.json()["detail"].is_string());
}

TEST_CASE("a key in the path is percent-decoded and may hold a slash") {
  EndpointRig rig;
  rig.run_on_loop([&] {
    rig.source().add_pin("a/b c+d", "b1");
    rig.source().add_pin("explain", "b1");
    rig.source().add_pin("bad\xff", "b1");
  });
  CHECK(rig.get("/v1/affinity/a%2Fb%20c+d").json()["key"] == "a/b c+d");
  CHECK(rig.get("/v1/affinity/%65xplain").json()["key"] == "explain");
  CHECK(rig.get("/v1/affinity/bad%ff").json()["key"] == "bad\xef\xbf\xbd");
  const auto lost = rig.get("/v1/affinity/nobody");
  CHECK(lost.status == 404);
  CHECK(lost.json()["error"] == "key");
}

TEST_CASE("PUT pins a key by hand and DELETE forgets it") {
  EndpointRig rig;
  const auto put = rig.put("/v1/affinity/alice?kind=header", R"({"backend": "b2", "pool": "default"})");
  CHECK(put.status == 200);
  CHECK(put.json()["backend"] == "b2");
  rig.run_on_loop([&] {
    REQUIRE(rig.source().last_choice);
    CHECK(rig.source().last_choice->key == "alice");
    CHECK(rig.source().last_choice->pool == "default");
    CHECK(rig.source().last_choice->kind == affinity::KeyKind::Header);
  });
  CHECK(rig.call("DELETE", "/v1/affinity/alice").json()["key"] == "alice");
  CHECK(rig.call("DELETE", "/v1/affinity/alice").status == 404);
}

TEST_CASE("a PUT with a body that is not understood changes nothing") {
  EndpointRig rig;
  const auto* const body = GENERATE("", "{", "[]", "\"b1\"", "{}", R"({"backend": 1})", R"({"backend": ""})",
                                    R"({"backend": "b1", "colour": "red"})",
                                    R"({"backend": "b1", "kind": "x"})", R"({"backend": "b1", "move": 1})");
  INFO(body);
  CHECK(rig.put("/v1/affinity/alice", body).status == 400);
  rig.run_on_loop([&] { CHECK(rig.source().table.empty()); });
}

TEST_CASE("a PUT that says not to move is taken") {
  EndpointRig rig;
  CHECK(rig.put("/v1/affinity/alice", R"({"backend": "b1", "move": false})").status == 200);
}

TEST_CASE("explain shows every step") {
  EndpointRig rig;
  const Json explained =
      rig.get("/v1/affinity/explain?client_ip=10.0.0.1&path=%2Froom%2F1&pool=default").json();
  CHECK(explained == Json::parse(R"({
    "pool": "default", "key": "10.0.0.1", "kind": "client_ip", "backend": "b1", "reason": "hash",
    "steps": [{"step": "pin", "backend": null, "verdict": "none"},
              {"step": "walk", "backend": "b1", "verdict": "taken"}]})"));
  rig.run_on_loop([&] {
    const auto& query = rig.source().last_explained;
    REQUIRE(query);
    CHECK(query->client_ip == IpAddress::from_v4({10, 0, 0, 1}));
    CHECK(query->path == "/room/1");
    CHECK_FALSE(query->cookie);
  });
}

TEST_CASE("sessions are answered at once or later, and other calls behind them wait their turn") {
  EndpointRig rig;
  rig.run_on_loop([&] {
    rig.source().live.push_back({.id = 9,
                                 .key = "",
                                 .backend = "b1",
                                 .pool = "default",
                                 .client = "10.0.0.1:999",
                                 .request_id = "edge-7",
                                 .age = Duration(2500),
                                 .idle = Duration(500),
                                 .messages_from_client = 1,
                                 .messages_from_backend = 2,
                                 .bytes_from_client = 3,
                                 .bytes_from_backend = 4,
                                 .queued_bytes = 5});
  });
  const Json expected =
      Json::parse(R"({"sessions": [{"id": 9, "key": null, "backend": "b1", "pool": "default",
    "client": "10.0.0.1:999", "request_id": "edge-7", "age_s": 2.5, "idle_s": 0.5,
    "messages_from_client": 1, "messages_from_backend": 2, "bytes_from_client": 3, "bytes_from_backend": 4, "queued_bytes": 5}], "next": null})");
  CHECK(rig.get("/v1/sessions").json() == expected);

  rig.run_on_loop([&] { rig.source().answers_at_once = false; });
  auto client = rig.connect();
  client.send(rig.request("GET", "/v1/sessions") + rig.request("GET", "/healthz"));
  CHECK(rig.get("/healthz").status == 200);  // others are served meanwhile
  wait_until_asked(rig);
  rig.run_on_loop([&] { rig.source().answer_waiter(); });
  CHECK(client.read_answer().json() == expected);
  CHECK(client.read_answer().body == "ok");
}

TEST_CASE("a client that leaves while the source is asked is cancelled") {
  EndpointRig rig;
  rig.run_on_loop([&] { rig.source().answers_at_once = false; });
  {
    auto client = rig.connect();
    client.send(rig.request("GET", "/v1/sessions"));
    wait_until_asked(rig);
    client.cut();
  }
  std::size_t cancelled = 0;
  while (cancelled == 0) {
    rig.run_on_loop([&] { cancelled = rig.source().cancelled; });
  }
  CHECK(cancelled == 1);
  CHECK(rig.get("/healthz").status == 200);
}

TEST_CASE("an endpoint that goes while the source is asked leaves no waiter behind") {
  EndpointRig rig;
  rig.run_on_loop([&] { rig.source().answers_at_once = false; });
  auto client = rig.connect();
  client.send(rig.request("GET", "/v1/sessions"));
  wait_until_asked(rig);
  rig.run_on_loop([&] { rig.end_endpoint(); });
  rig.run_on_loop([&] { CHECK_FALSE(rig.source().has_waiter()); });
}

TEST_CASE("a forecast has the names of the documentation") {
  EndpointRig rig;
  const Json forecast = rig.get("/v1/affinity/explain?without=b2&pool=default").json();
  CHECK(forecast == Json::parse(R"({
    "pool": "default", "without": "b2", "with": null, "weight": null, "keys": 10, "sessions": 4,
    "moves": [{"from": "b2", "to": "b1", "when": "at_once", "keys": 3, "sessions": 2},
              {"from": "b2", "to": null, "when": "at_once", "keys": 1, "sessions": 0}]})"));
  CHECK(rig.get("/v1/affinity/explain?with=b9&weight=3").json()["weight"] == 3);
  rig.run_on_loop([&] {
    CHECK(rig.source().last_forecast->with == "b9");
    CHECK(rig.source().last_forecast->weight == 3);
  });
}

TEST_CASE("a forecast that is not understood is refused") {
  EndpointRig rig;
  for (const auto* const target :
       {"/v1/affinity/explain?without=b2&client_ip=10.0.0.1", "/v1/affinity/explain?weight=3",
        "/v1/affinity/explain?without=&with=", "/v1/affinity/explain?without=b2&weight=3",
        "/v1/affinity/explain?with=b2&weight=0", "/v1/affinity/explain?with=b2&weight=1001",
        "/v1/affinity/explain?with=b2&weight=much", "/v1/affinity/explain?without=b1&without=b2"}) {
    INFO(target);
    CHECK(rig.get(target).status == 400);
  }
  rig.run_on_loop([&] { CHECK_FALSE(rig.source().last_forecast); });
}

TEST_CASE("a forecast that nobody waits for any more is dropped") {
  EndpointRig rig;
  rig.run_on_loop([&] { rig.source().answers_at_once = false; });
  bool is_awaited = false;
  const auto look = [&] { rig.run_on_loop([&] { is_awaited = rig.source().forecast_waiter != nullptr; }); };
  auto client = rig.connect();
  client.send(rig.request("GET", "/v1/affinity/explain?without=b2"));
  while (!is_awaited) {
    look();
  }
  client.cut();
  while (is_awaited) {
    look();
  }
}
