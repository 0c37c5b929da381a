// Request bodies that come slowly: when that is a fault, and whose.
#include <string>

#include "proxy/body_pace.h"
#include "tests/simulation/script.h"
#include "tests/support/catch.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::chrono_literals;

namespace {

// The script's timeouts.body is 2 s: 200 bytes a window are progress.
constexpr Duration kWindow = 2s;

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
  CHECK(trickle(script, 1, 100ms, 60s) <= kWindow + 100ms);
  CHECK(script.client()->from_proxy.starts_with("HTTP/1.1 408 "));
  CHECK(script.client()->from_proxy.find("Limpet-Reason: body_timeout\r\n") != std::string::npos);
  CHECK(script.proxy().counters().ends(CloseReason::BodyTimeout) == 1);
}

TEST_CASE("a slow body that keeps the least rate goes on for as long as it takes") {
  Script script;
  CHECK(trickle(script, 11, 100ms, 60s) == 60s);
  CHECK(script.proxy().counters().ends(CloseReason::BodyTimeout) == 0);
}

TEST_CASE("a body that was fast and then stops ends within two windows") {
  Script script;
  REQUIRE(script.client_sends("POST /slow HTTP/1.1\r\nHost: example.com\r\nContent-Length: 1000000\r\n\r\n" +
                              std::string(10'000, 'x')));
  REQUIRE(script.proxy().loop().advance(2 * kWindow + 100ms));
  CHECK(script.client()->from_proxy.starts_with("HTTP/1.1 408 "));
}

TEST_CASE("a backend that does not take the body is at fault, not the client") {
  Script script;
  REQUIRE(script.client_sends("POST /big HTTP/1.1\r\nHost: example.com\r\nContent-Length: 1000000\r\n\r\n"));
  REQUIRE(script.apply(Event::BackendStopsReading));
  REQUIRE(script.client_sends(std::string(300'000, 'x')));
  REQUIRE(script.proxy().loop().advance(kWindow + 100ms));
  CHECK(script.client()->from_proxy.starts_with("HTTP/1.1 504 "));
  CHECK(script.client()->from_proxy.find("Limpet-Reason: response_timeout\r\n") != std::string::npos);
}

TEST_CASE("a client is not charged with the time a backend kept it waiting") {
  Script script;
  REQUIRE(script.client_sends("POST /big HTTP/1.1\r\nHost: example.com\r\nContent-Length: 1000000\r\n\r\n"));
  REQUIRE(script.apply(Event::BackendStopsReading));
  REQUIRE(script.client_sends(std::string(1000, 'x')));
  REQUIRE(script.proxy().loop().advance(kWindow - 200ms));
  REQUIRE(script.apply(Event::BackendReadsOn));
  REQUIRE(script.proxy().loop().advance(kWindow - 200ms));
  CHECK_FALSE(is_over(script));
  REQUIRE(script.proxy().loop().advance(400ms));
  CHECK(script.client()->from_proxy.starts_with("HTTP/1.1 408 "));
}

TEST_CASE("the pace is that of a whole window") {
  proxy::BodyPace pace;
  pace.begin_window(Instant(1s));
  pace.add(99);
  CHECK_FALSE(pace.is_progress(1s));
  pace.add(1);
  CHECK(pace.is_progress(1s));
  CHECK_FALSE(pace.is_progress(2s));
  pace.begin_window(Instant(2s));
  CHECK_FALSE(pace.is_progress(1s));
}
