// The endpoint as an HTTP server: what it refuses, and that pieces and pipelines make no difference.
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "tests/admin/endpoint_rig.h"

using namespace limpet;
using test::ClientAnswer;
using test::EndpointRig;

namespace {

const std::string kToken = "0123456789abcdef";

ClientAnswer call_with_host(EndpointRig& rig, std::string_view method, std::string_view host) {
  auto client = rig.connect();
  client.send(std::string(method) + " /v1/status HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
  return client.read_answer();
}

}  // namespace

TEST_CASE("every answer is not to be stored, not to be sniffed and of known length") {
  EndpointRig rig;
  for (const auto* const target : {"/", "/healthz", "/v1/status", "/nothing", "/v1/affinity?limit=0"}) {
    const auto answer = rig.get(target);
    INFO(target);
    CHECK(answer.fields.at("Cache-Control") == "no-store");
    CHECK(answer.fields.at("X-Content-Type-Options") == "nosniff");
    CHECK(answer.fields.at("Content-Length") == std::to_string(answer.body.size()));
  }
  CHECK(rig.get("/v1/status").fields.at("Content-Type") == "application/json");
}

TEST_CASE("an unknown path is 404, a known one with another method 405 with Allow") {
  EndpointRig rig;
  for (const auto* const target : {"/nothing", "/v1", "/v2/status", "/v1/statuses", "/v1/backends/b1/drains",
                                   "//", "/healthz/", "/v1/affinity/", "/v1/affinity/k/"}) {
    INFO(target);
    CHECK(rig.get(target).status == 404);
  }
  const auto answer = rig.call("POST", "/v1/status");
  CHECK(answer.status == 405);
  CHECK(answer.fields.at("Allow") == "GET, HEAD");
  CHECK(rig.call("POST", "/v1/affinity/k").fields.at("Allow") == "GET, HEAD, PUT, DELETE");
  CHECK(answer.json()["error"] == "method");
}

TEST_CASE("HEAD is answered like GET without the body") {
  EndpointRig rig;
  const auto answer = rig.call("HEAD", "/v1/status");
  CHECK(answer.status == 200);
  CHECK(answer.fields.at("Content-Length") == std::to_string(rig.get("/v1/status").body.size()));
  CHECK(answer.body.empty());
}

TEST_CASE("Host must be loopback, localhost or the bound address") {
  EndpointRig rig;
  const std::string port = ":" + std::to_string(rig.address().port());
  for (const std::string host : {"127.0.0.1", "127.9.9.9", "[::1]", "localhost", "LocalHost"}) {
    INFO(host);
    CHECK(call_with_host(rig, "GET", host).status == 200);
    CHECK(call_with_host(rig, "GET", host + port).status == 200);
  }
  for (const auto* const host :
       {"evil.test", "localhost.evil.test", "127.0.0.1.evil.test", "10.0.0.1", "[::2]"}) {
    INFO(host);
    const auto answer = call_with_host(rig, "GET", host);
    CHECK(answer.status == 403);
    CHECK(answer.json()["error"] == "host");
  }
}

TEST_CASE("behind a Unix socket any Host will do") {
  std::string folder = (std::filesystem::temp_directory_path() / "limpet-admin-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  {
    EndpointRig rig(SocketAddress::unix_path(folder + "/admin"));
    CHECK(call_with_host(rig, "GET", "evil.test").status == 200);
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("a foreign origin may read what it can but change nothing") {
  EndpointRig rig;
  const std::string own = "Origin: http://" + rig.address().to_string() + "\r\n";
  CHECK(rig.call("GET", "/v1/status", "Origin: http://evil.test\r\n").status == 200);
  CHECK(rig.call("DELETE", "/v1/affinity/k", own).status == 404);
  for (const auto* const origin : {"http://evil.test", "null", "https://127.0.0.1", "http://127.0.0.1:1"}) {
    INFO(origin);
    const auto answer = rig.call("DELETE", "/v1/affinity/k", "Origin: " + std::string(origin) + "\r\n");
    CHECK(answer.status == 403);
    CHECK(answer.json()["error"] == "origin");
  }
}

TEST_CASE("a body must be JSON by its type") {
  EndpointRig rig;
  const std::string body = R"({"backend": "b1"})";
  CHECK(rig.call("PUT", "/v1/affinity/k", "", body).status == 415);
  CHECK(rig.call("PUT", "/v1/affinity/k", "Content-Type: text/plain\r\n", body).status == 415);
  CHECK(rig.call("PUT", "/v1/affinity/k", "Content-Type: Application/JSON; charset=utf-8\r\n", body).status ==
        200);
}

TEST_CASE("a connection serves one request after the other until it is told to close") {
  EndpointRig rig;
  auto client = rig.connect();
  for (int i = 0; i < 5; ++i) {
    client.send(rig.request("GET", "/healthz"));
    CHECK(client.read_answer().body == "ok");
  }
  client.send(rig.request("GET", "/healthz", "Connection: close\r\n"));
  CHECK(client.read_answer().fields.at("Connection") == "close");
  CHECK(client.is_at_end());
}

TEST_CASE("pipelined requests are answered in order") {
  EndpointRig rig;
  auto client = rig.connect();
  std::string requests;
  constexpr int kTimes = 200;
  for (int i = 0; i < kTimes; ++i) {
    requests +=
        rig.request("GET", "/healthz") + rig.request("GET", "/v1/sessions") + rig.request("GET", "/nothing");
  }
  client.send(requests);
  for (int i = 0; i < kTimes; ++i) {
    REQUIRE(client.read_answer().body == "ok");
    REQUIRE(client.read_answer().json().contains("sessions"));
    REQUIRE(client.read_answer().status == 404);
  }
}

TEST_CASE("a request that comes byte by byte is answered like a whole one") {
  EndpointRig rig;
  auto client = rig.connect();
  const std::string put =
      rig.request("PUT", "/v1/affinity/k", "Content-Type: application/json\r\n", R"({"backend":"b1"})");
  for (const char byte : put) {
    client.send({&byte, 1});
  }
  CHECK(client.read_answer().json()["backend"] == "b1");
}

TEST_CASE("a chunked body is taken and an expectation is met") {
  EndpointRig rig;
  auto client = rig.connect();
  client.send(rig.request(
      "PUT", "/v1/affinity/k",
      "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n"));
  CHECK(client.read_answer().status == 100);
  client.send("5\r\n{\"bac\r\nc\r\nkend\": \"b2\"}\r\n0\r\n\r\n");
  CHECK(client.read_answer().json()["backend"] == "b2");
}

TEST_CASE("what is malformed or too large is refused and the connection closed") {
  EndpointRig rig;
  struct Case {
    std::string bytes;
    int status;
  };
  const std::string json = "Content-Type: application/json\r\n";
  const std::vector<Case> cases{
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.test\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: localhost, evil.test\r\n\r\n", 400},
      {rig.request("GET", "/healthz", "X: a\r\n b\r\n"), 400},
      {rig.request("GET", "/healthz", "X : a\r\n"), 400},
      {rig.request("GET", "/healthz", " X: a\r\n"), 400},
      {rig.request("GET", "/healthz", "X: a\n"), 400},
      {rig.request("GET", "/healthz", std::string("X: a\0b\r\n", 8)), 400},
      {rig.request("GET", "/healthz", "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"), 400},
      {rig.request("PUT", "/v1/affinity/k", json + "Content-Length: 1\r\nContent-Length: 2\r\n"), 400},
      {rig.request("PUT", "/v1/affinity/k", json + "Content-Length: +2\r\n"), 400},
      {rig.request("PUT", "/v1/affinity/k", json + "Transfer-Encoding: gzip, chunked\r\n"), 400},
      {rig.request("PUT", "/v1/affinity/k", json + "Transfer-Encoding: identity\r\n"), 400},
      {rig.request("PUT", "/v1/affinity/k", json + "Transfer-Encoding: chunked\r\n") + "2\n{}\r\n0\r\n\r\n",
       400},
      {rig.request("PUT", "/v1/affinity/k", json + "Transfer-Encoding: chunked\r\n") +
           "fffffffffffffffff\r\n",
       400},
      {"GET / HTTP/1.1\nHost: localhost\n\n", 400},
      {"nonsense\r\n\r\n", 400},
      {rig.request("GET", "/healthz", "X: " + std::string(20'000, 'x') + "\r\n"), 431},
      {"GET /" + std::string(40'000, 'x'), 431},
      {rig.request("PUT", "/v1/affinity/k", json + "Content-Length: 65537\r\n"), 413},
      {rig.request("PUT", "/v1/affinity/k", json, std::string(65'537, ' ')), 413},
      {rig.request("PUT", "/v1/affinity/k", json + "Transfer-Encoding: chunked\r\n") + "xyz\r\n", 400},
      {rig.request("PUT", "/v1/affinity/k", json + "Transfer-Encoding: chunked\r\n") + "10001\r\n" +
           std::string(65'537, ' '),
       413},
  };
  for (const Case& one : cases) {
    INFO(one.bytes.substr(0, 60));
    auto client = rig.connect();
    client.send(one.bytes);
    const auto answer = client.read_answer();
    CHECK(answer.status == one.status);
    CHECK(answer.json()["error"].is_string());
    CHECK(answer.fields.at("Connection") == "close");
    CHECK(answer.fields.at("Cache-Control") == "no-store");
    CHECK(client.is_at_end());
  }
  CHECK(rig.get("/v1/affinity").json()["entries"].empty());
}

TEST_CASE("bytes behind a refused request are never read as another one") {
  EndpointRig rig;
  auto client = rig.connect();
  client.send(rig.request("PUT", "/v1/affinity/k", "Content-Length: 100\r\n") +
              rig.request("DELETE", "/v1/affinity/k"));
  CHECK(client.read_answer().status == 415);
  CHECK(client.is_at_end());
  rig.run_on_loop([&] { CHECK_FALSE(rig.source().last_choice); });
}

TEST_CASE("HEAD is refused like GET without the body") {
  EndpointRig rig({.token = kToken});
  const auto answer = rig.call("HEAD", "/v1/status");
  CHECK(answer.status == 401);
  CHECK(answer.body.empty());
  CHECK(answer.fields.at("Content-Length") != "0");
}

TEST_CASE("on an address that others reach the token opens every call, and nothing else does") {
  EndpointRig rig({.where = {IpAddress::from_v4({0, 0, 0, 0}), 0}, .token = kToken});
  const std::string right = "Authorization: Bearer " + kToken + "\r\n";
  const std::string json = "Content-Type: application/json\r\n";
  for (const auto* const fields : {"", "Authorization: Bearer 0123456789abcdee\r\n"}) {
    for (const auto* const target :
         {"/v1/status", "/v1/history", "/v1/events", "/v1/affinity", "/v1/sessions", "/nothing"}) {
      INFO(target);
      const auto answer = rig.call("GET", target, fields);
      CHECK(answer.status == 401);
      CHECK(answer.fields.at("WWW-Authenticate") == "Bearer");
      CHECK(answer.fields.at("Cache-Control") == "no-store");
      CHECK(answer.json()["error"] == "unauthorized");
      CHECK(answer.json()["detail"].get<std::string>().find("admin.token_file") != std::string::npos);
    }
    CHECK(rig.call("PUT", "/v1/affinity/k", fields + json, R"({"backend": "b1"})").status == 401);
    CHECK(rig.call("DELETE", "/v1/affinity/k", fields).status == 401);
  }
  rig.run_on_loop([&] { CHECK_FALSE(rig.source().last_choice); });
  CHECK(rig.get("/healthz").body == "ok");
  CHECK(rig.get("/readyz").status == 200);

  CHECK(rig.call("GET", "/v1/status", right).status == 200);
  CHECK(rig.call("PUT", "/v1/affinity/k", right + json, R"({"backend": "b1"})").json()["backend"] == "b1");
  CHECK(
      rig.call("PUT", "/v1/affinity/k", right + json + "Origin: http://evil.test\r\n", R"({"backend": "b2"})")
          .json()["error"] == "origin");
  CHECK(rig.call("DELETE", "/v1/affinity/k", right).status == 200);
}

TEST_CASE("a large answer reaches a slow reader whole") {
  EndpointRig rig;
  rig.run_on_loop([&] {
    for (int i = 0; i < 1000; ++i) {
      rig.source().add_pin(std::string(2000, 'k') + std::to_string(i), "b1");
    }
  });
  auto client = rig.connect();
  client.send(rig.request("GET", "/v1/affinity?limit=1000") + rig.request("GET", "/healthz"));
  CHECK(rig.get("/healthz").status == 200);
  CHECK(client.read_answer().json()["entries"].size() == 1000);
  CHECK(client.read_answer().body == "ok");
}
