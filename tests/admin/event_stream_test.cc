// GET /v1/stream: what there is to see, told as it changes.
#include "admin/event_stream.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/admin/endpoint_rig.h"

using namespace limpet;
using test::Client;
using test::EndpointRig;

namespace {

using Json = nlohmann::json;

constexpr Duration kShort = std::chrono::milliseconds(100);
constexpr const char* kEnd = "\n\n";

struct Told {
  std::string name;
  Json json;
};

Told take_event(Client& client) {
  const std::string text = client.read_to(kEnd);
  const std::size_t line = text.find('\n');
  REQUIRE(text.starts_with("event: "));
  REQUIRE(text.compare(line, 7, "\ndata: ") == 0);
  return {.name = text.substr(7, line - 7), .json = Json::parse(text.substr(line + 7), nullptr, false)};
}

Client open_stream(EndpointRig& rig, const std::string& query = "") {
  Client client = rig.connect();
  client.send(rig.request("GET", "/v1/stream" + query));
  CHECK(client.read_to("\r\n\r\n").find("Content-Type: text/event-stream\r\n") != std::string::npos);
  return client;
}

// The first round: all four.
std::vector<Told> first_round(Client& client) {
  std::vector<Told> round;
  for (const char* const name : {"status", "backends", "history", "events"}) {
    round.push_back(take_event(client));
    CHECK(round.back().name == name);
  }
  return round;
}

void add_event(EndpointRig& rig) {
  rig.run_on_loop([&] {
    rig.source().hour.events.add({.at = WallTime(), .what = "configuration", .from = "1", .to = "2"});
  });
}

}  // namespace

TEST_CASE("a stream begins with what the calls of its events answer") {
  EndpointRig rig;
  add_event(rig);
  Client client = open_stream(rig);
  const auto round = first_round(client);
  for (const Told& told : round) {
    INFO(told.name);
    CHECK(told.json == rig.get("/v1/" + told.name).json());
  }
}

TEST_CASE("after that it tells the status every second, and the others as they change") {
  EndpointRig rig;
  Client client = open_stream(rig);
  first_round(client);
  add_event(rig);
  std::vector<std::string> names;
  while (names.empty() || names.back() != "events") {
    const Told told = take_event(client);
    names.push_back(told.name);
    CHECK((told.name == "status" || told.json["events"].size() == 1));
  }
  CHECK(std::ranges::count(names, "status") >= 1);
  CHECK(std::ranges::count(names, "backends") == 0);
  CHECK(std::ranges::count(names, "history") == 0);
}

TEST_CASE("who has seen some of it is told the rest") {
  EndpointRig rig;
  add_event(rig);
  add_event(rig);
  Client client = open_stream(rig, "?events=1&history=0");
  const auto round = first_round(client);
  REQUIRE(round.back().json["events"].size() == 1);
  CHECK(round.back().json["events"][0]["id"] == 2);
  for (const char* const target : {"/v1/stream?events=x", "/v1/stream?history=-1", "/v1/stream?since=1"}) {
    INFO(target);
    CHECK(rig.get(target).status == 400);
  }
}

TEST_CASE(
    "texts are made once for streams that ask at one time, and backends have a new version when they "
    "change") {
  test::FakeSource source;
  admin::StreamTexts texts;
  const Instant begin(std::chrono::seconds(5));
  texts.look(source, begin);
  CHECK(texts.backends_version() == 1);
  const std::string before = texts.status();
  source.add_pin("k", "b1");
  texts.look(source, begin + std::chrono::milliseconds(100));
  CHECK(texts.status() == before);
  source.drain_of_b1 = admin::DrainInfo{};
  texts.look(source, begin + admin::StreamTexts::kEvery);
  CHECK(texts.status() != before);
  CHECK(texts.backends_version() == 2);
  texts.look(source, begin + 2 * admin::StreamTexts::kEvery);
  CHECK(texts.backends_version() == 2);
}

TEST_CASE("HEAD gets the head of a stream and its end") {
  EndpointRig rig;
  Client client = rig.connect();
  client.send(rig.request("HEAD", "/v1/stream"));
  CHECK(client.read_to("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(client.is_at_end());
}

TEST_CASE("a stream wants the token, as the calls do") {
  EndpointRig rig({.token = "0123456789abcdef"});
  CHECK(rig.get("/v1/stream").status == 401);
}

TEST_CASE("one stream too many is refused, and has a place when another has gone") {
  EndpointRig rig({.bounds = {.streams = 1}});
  Client one = open_stream(rig);
  first_round(one);
  const auto refused = rig.get("/v1/stream");
  CHECK(refused.status == 503);
  CHECK(refused.json()["error"] == "streams");
  CHECK(rig.get("/v1/status").status == 200);
  one.cut();
  rig.wait_until_alone();
  Client next = open_stream(rig);
  first_round(next);
}

TEST_CASE("a client that does not take what it is told is cut off") {
  EndpointRig rig({.bounds = {.patience = kShort}});
  rig.run_on_loop([&] {
    // More than the buffers of a socket take.
    for (int i = 0; i < 256; ++i) {
      rig.source().hour.events.add({.at = WallTime(), .what = "health", .pool = std::string(100'000, 'p')});
    }
  });
  Client client = rig.connect();
  client.send(rig.request("GET", "/v1/stream"));
  CHECK(client.read_to("event: status").size() > 1);
  rig.wait_until_alone();
}

TEST_CASE("what a client says into its stream is not read as a request; its end ends the stream") {
  EndpointRig rig;
  {
    Client client = open_stream(rig);
    first_round(client);
    client.send(rig.request("GET", "/healthz"));
    CHECK(take_event(client).name == "status");
  }
  rig.wait_until_alone();
}

TEST_CASE("a stream ends, whole, when somebody else answers from now on") {
  EndpointRig rig;
  Client client = open_stream(rig);
  first_round(client);
  rig.run_on_loop([&] { rig.leave_endpoint(); });
  const std::string rest = client.read_rest();
  CHECK((rest.empty() || rest.ends_with(kEnd)));
}
