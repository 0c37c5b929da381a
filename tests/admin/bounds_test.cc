// What clients of the endpoint may take from it: time, places, memory. No test waits longer than the short
// patience that it gives the endpoint.
#include <vector>

#include "tests/admin/endpoint_rig.h"

using namespace limpet;
using test::Client;
using test::ClientAnswer;
using test::EndpointRig;

namespace {

constexpr Duration kShort = std::chrono::milliseconds(100);
constexpr Duration kLong = std::chrono::minutes(10);

EndpointRig::Options impatient() {
  return {.bounds = {.patience = kShort, .linger = kShort}};
}

// Nothing ends by time: what is seen comes from the number of places alone.
EndpointRig::Options with_places(std::size_t count) {
  return {.bounds = {.connections = count, .patience = kLong, .linger = kLong}};
}

void expect_timeout(Client& client) {
  const auto answer = client.read_answer();
  CHECK(answer.status == 408);
  CHECK(answer.json()["error"] == "timeout");
  CHECK(answer.fields.at("Cache-Control") == "no-store");
  CHECK(answer.fields.at("Connection") == "close");
  CHECK(client.is_at_end());
}

void expect_service(EndpointRig& rig, Client& client) {
  client.send(rig.request("GET", "/healthz"));
  CHECK(client.read_answer().body == "ok");
}

}  // namespace

TEST_CASE("a head that never ends is given up") {
  EndpointRig rig(impatient());
  auto client = rig.connect();
  client.send("GET /healthz HTTP/1.1\r\nHost: loc");
  expect_timeout(client);
}

TEST_CASE("a head that comes in drops has no longer time") {
  EndpointRig rig(impatient());
  auto client = rig.connect();
  client.send("GET /healthz HTTP/1.1\r\nX: ");
  while (!client.has_news()) {
    client.send("x");
  }
  expect_timeout(client);
}

TEST_CASE("a body that never ends, or comes in drops, is given up") {
  const bool in_drops = GENERATE(false, true);
  const std::string framing = GENERATE("Content-Length: 60000\r\n", "Transfer-Encoding: chunked\r\n");
  EndpointRig rig(impatient());
  auto client = rig.connect();
  client.send(rig.request("PUT", "/v1/affinity/k", "Content-Type: application/json\r\n" + framing));
  while (in_drops && !client.has_news()) {
    client.send(framing.starts_with("C") ? "x" : "1\r\nx\r\n");
  }
  expect_timeout(client);
}

TEST_CASE("a client that says nothing is closed, before its first request and after it") {
  EndpointRig rig(impatient());
  auto silent = rig.connect();
  auto served = rig.connect();
  expect_service(rig, served);
  CHECK(silent.is_at_end());
  CHECK(served.is_at_end());
}

TEST_CASE("a client that does not take its answer is cut") {
  EndpointRig rig(impatient());
  rig.run_on_loop([&] {
    for (int i = 0; i < 1000; ++i) {
      rig.source().add_pin(std::string(20'000, 'k'), "b1");
    }
  });
  auto client = rig.connect();
  client.send(rig.request("GET", "/v1/affinity?limit=1000"));
  bool asked = false;
  while (!asked) {
    rig.run_on_loop([&] { asked = rig.source().last_query.has_value(); });
  }
  rig.wait_until_alone();
}

TEST_CASE("workers that do not answer are given up with 503") {
  EndpointRig rig(impatient());
  rig.run_on_loop([&] { rig.source().answers_at_once = false; });
  const auto answer = rig.get("/v1/sessions");
  CHECK(answer.status == 503);
  CHECK(answer.json()["error"] == "timeout");
  CHECK(answer.fields.at("Cache-Control") == "no-store");
  rig.run_on_loop([&] { CHECK(rig.source().cancelled == 1); });
}

TEST_CASE("one client too many takes the place of the one that was silent for the longest") {
  EndpointRig rig(with_places(3));
  std::vector<Client> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(rig.connect());
    expect_service(rig, clients.back());
    rig.wait_for_the_clock();
  }
  expect_service(rig, clients[0]);  // now the second one is the oldest
  auto fourth = rig.connect();
  expect_service(rig, fourth);
  CHECK(clients[1].is_at_end());
  expect_service(rig, clients[0]);
  expect_service(rig, clients[2]);
}

TEST_CASE("clients that never come to the end of anything keep nobody out") {
  EndpointRig rig(with_places(4));
  std::vector<Client> hostile;
  constexpr std::size_t kMany = 100;
  for (std::size_t i = 0; i < kMany; ++i) {
    hostile.push_back(rig.connect());
    const std::string half[] = {
        "", "GET", rig.request("PUT", "/v1/affinity/k", "Content-Length: 9\r\n"),
        "nonsense\r\n\r\n",  // answered, and then not closed by the client
        rig.request("PUT", "/v1/affinity/k", "Content-Type: application/json\r\nContent-Length: 9\r\n")};
    hostile.back().send(half[i % std::size(half)]);
    auto operator_of_limpet = rig.connect();
    expect_service(rig, operator_of_limpet);
  }
  std::size_t most = 0;
  rig.run_on_loop([&] { most = rig.connections(); });
  CHECK(most <= 5);
}

TEST_CASE("a client too many is told so while all others wait for the workers") {
  EndpointRig rig(with_places(1));
  rig.run_on_loop([&] { rig.source().answers_at_once = false; });
  auto waiting = rig.connect();
  waiting.send(rig.request("GET", "/v1/sessions"));
  bool asked = false;
  while (!asked) {
    rig.run_on_loop([&] { asked = rig.source().has_waiter(); });
  }
  for (int i = 0; i < 3; ++i) {
    auto refused = rig.connect();
    const auto answer = refused.read_answer();
    CHECK(answer.status == 503);
    CHECK(answer.json()["error"] == "busy");
    CHECK(answer.fields.at("Cache-Control") == "no-store");
    CHECK(refused.is_at_end());
  }
  rig.run_on_loop([&] { rig.source().answer_waiter(); });
  CHECK(waiting.read_answer().status == 200);
}
