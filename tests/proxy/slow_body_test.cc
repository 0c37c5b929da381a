// Request bodies that come slowly: when that is a fault, and whose.
#include <string>

#include "proxy/body_pace.h"
#include "tests/simulation/script.h"
#include "tests/support/catch.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::chrono_literals;

namespace {

// The script's timeouts.body is 2 s: that is 200 bytes.
constexpr Duration kBound = 2s;

bool is_over(Script& script) {
  return script.client()->from_proxy.find("HTTP/1.1 ") != std::string::npos;
}

// Sends `bytes` every `gap` until an answer comes or `most` has passed; answers how long that took.
Duration trickle(Script& script, std::size_t bytes, Duration gap, Duration most) {
  REQUIRE(script.client_sends("POST /slow HTTP/1.1\r\nHost: example.com\r\nContent-Length: 1000000\r\n\r\n"));
  Duration passed{};
  while (passed < most && !is_over(script)) {
    static_cast<void>(script.client_sends(std::string(bytes, 'x')));
    REQUIRE(script.proxy().loop().advance(gap));
    passed += gap;
  }
  return passed;
}

}  // namespace

TEST_CASE("a body that drips ends at the bound, however steadily it drips") {
  Script script;
  CHECK(trickle(script, 1, 100ms, 60s) <= kBound + 100ms);
  CHECK(script.client()->from_proxy.starts_with("HTTP/1.1 408 "));
  CHECK(script.client()->from_proxy.find("Limpet-Reason: body_timeout\r\n") != std::string::npos);
  CHECK(script.proxy().counters().ends(CloseReason::BodyTimeout) == 1);
}

TEST_CASE("a slow body that keeps the least rate goes on for as long as it takes") {
  Script script;
  CHECK(trickle(script, 11, 100ms, 60s) == 60s);
  CHECK(script.proxy().counters().ends(CloseReason::BodyTimeout) == 0);
}

TEST_CASE("a body that was fast and then drips ends at the bound") {
  Script script;
  REQUIRE(script.client_sends("POST /slow HTTP/1.1\r\nHost: example.com\r\nContent-Length: 1000000\r\n\r\n" +
                              std::string(10'000, 'x')));
  for (Duration passed{}; passed < kBound + 100ms; passed += 100ms) {
    static_cast<void>(script.client_sends("x"));
    REQUIRE(script.proxy().loop().advance(100ms));
  }
  CHECK(script.client()->from_proxy.starts_with("HTTP/1.1 408 "));
}

TEST_CASE("a backend that does not take the body is at fault, not the client") {
  Script script;
  REQUIRE(script.client_sends("POST /big HTTP/1.1\r\nHost: example.com\r\nContent-Length: 1000000\r\n\r\n"));
  REQUIRE(script.apply(Event::BackendStopsReading));
  REQUIRE(script.client_sends(std::string(300'000, 'x')));
  REQUIRE(script.proxy().loop().advance(kBound + 100ms));
  CHECK(script.client()->from_proxy.starts_with("HTTP/1.1 504 "));
  CHECK(script.client()->from_proxy.find("Limpet-Reason: response_timeout\r\n") != std::string::npos);
}

TEST_CASE("a client is not charged with the time a backend kept it waiting") {
  Script script;
  REQUIRE(script.client_sends("POST /big HTTP/1.1\r\nHost: example.com\r\nContent-Length: 1000000\r\n\r\n"));
  REQUIRE(script.apply(Event::BackendStopsReading));
  REQUIRE(script.client_sends(std::string(1000, 'x')));
  REQUIRE(script.proxy().loop().advance(kBound - 200ms));
  REQUIRE(script.apply(Event::BackendReadsOn));
  REQUIRE(script.proxy().loop().advance(kBound - 200ms));
  CHECK_FALSE(is_over(script));
  REQUIRE(script.proxy().loop().advance(400ms));
  CHECK(script.client()->from_proxy.starts_with("HTTP/1.1 408 "));
}

TEST_CASE("a client that takes its answer a byte at a time is cut at the bound") {
  // Both while the backend has more and when the answer is complete and only its rest is kept.
  for (const std::size_t bytes : {std::size_t{600'000}, std::size_t{1000}}) {
    Script script;
    REQUIRE(script.apply(Event::ClientSendsGet));
    script.client()->room = 0;
    REQUIRE(script.backend_sends("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n" +
                                 std::string(bytes, 'a')));
    Duration passed{};
    for (; passed < 60s && !script.client()->closed; passed += 50ms) {
      script.client()->room = 1;
      REQUIRE(script.proxy().loop().advance(50ms));
    }
    INFO(bytes << " bytes");
    CHECK(passed <= kBound + 200ms);
    CHECK(script.proxy().counters().ends(CloseReason::BodyTimeout) == 1);
  }
}

TEST_CASE("a client that takes its answer slowly but at the least rate gets all of it") {
  Script script;
  REQUIRE(script.apply(Event::ClientSendsGet));
  script.client()->room = 0;
  const std::string body(5000, 'a');
  REQUIRE(script.backend_sends("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + body));
  for (Duration passed{}; passed < 60s && !script.client()->from_proxy.ends_with(body); passed += 1s) {
    script.client()->room = 110;
    REQUIRE(script.proxy().loop().advance(1s));
  }
  CHECK(script.client()->from_proxy.ends_with(body));
  CHECK(script.proxy().counters().ends(CloseReason::BodyTimeout) == 0);
}

TEST_CASE("a client that says nothing and then drips has its head's time since it was accepted") {
  Script script;
  REQUIRE(script.proxy().loop().advance(900ms));
  REQUIRE(script.client_sends("G"));
  REQUIRE(script.proxy().loop().advance(150ms));
  CHECK(script.client()->from_proxy.starts_with("HTTP/1.1 408 "));
}

TEST_CASE("a client that has sent its FIN does not make a wait longer") {
  Script script;
  SECTION("for a connect: the next backend is tried as ever") {
    REQUIRE(script.apply(Event::ConnectsWait));
    REQUIRE(script.apply(Event::ClientSendsGet));
    REQUIRE(script.apply(Event::ClientFinishes));
    REQUIRE(script.apply(Event::ConnectsSucceed));
    REQUIRE(script.proxy().loop().advance(600ms));
    REQUIRE(script.proxy().backends().opened.size() == 2);
    REQUIRE(script.apply(Event::BackendAnswers));
    CHECK(script.client()->from_proxy.ends_with("\r\n\r\nok"));
  }
  SECTION("for an answer: it is told 504 as ever") {
    REQUIRE(script.apply(Event::ClientSendsGet));
    REQUIRE(script.apply(Event::ClientFinishes));
    REQUIRE(script.proxy().loop().advance(3100ms));
    CHECK(script.client()->from_proxy.starts_with("HTTP/1.1 504 "));
  }
}

TEST_CASE("the pace counts from the last progress") {
  proxy::BodyPace pace;
  pace.restart(Instant(1s));
  CHECK_FALSE(pace.add(99, Instant(2s)));
  CHECK_FALSE(pace.add(0, Instant(2s)));
  CHECK(pace.add(1, Instant(2s)));
  CHECK(pace.last_progress() == Instant(2s));
  CHECK_FALSE(pace.add(199, Instant(4s)));
  CHECK(pace.last_progress() == Instant(2s));
  CHECK(pace.add(1000, Instant(4s)));
}
