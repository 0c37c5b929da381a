// A backend that takes a handshake and does not answer costs a client some time, not the session.
#include <chrono>
#include <string>

#include "proxy/handshake_pace.h"
#include "tests/simulation/simulated_proxy.h"
#include "tests/support/catch.h"
#include "tests/support/proxy_rig.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::chrono_literals;
using limpet::proxy::HandshakePace;

namespace {

constexpr affinity::PoolId kPool = 1;

// A proxy in memory before two backends; whoever is asked is the last pipe that was opened.
struct Handshakes {
  explicit Handshakes(std::size_t backends = 2, const std::function<void(proxy::Snapshot&)>& adjust = {})
      : proxy(backends, adjust) {}

  SimulatedProxy proxy;

  PipePtr upgrade(const std::string& fields = {}) {
    PipePtr client = proxy.connect_client();
    const std::string request(kUpgrade);
    client->to_proxy = request.substr(0, request.size() - 2) + fields + "\r\n";
    REQUIRE(proxy.loop().settle());
    return client;
  }
  void wait(Duration time) { REQUIRE(proxy.loop().advance(time)); }
  void answer(const PipePtr& backend) {
    backend->to_proxy += kSwitch;
    REQUIRE(proxy.loop().settle());
  }
  [[nodiscard]] std::size_t asked() { return proxy.backends().opened.size(); }
  [[nodiscard]] PipePtr backend(std::size_t number) { return proxy.backends().opened[number]; }
  [[nodiscard]] std::uint64_t failures() {
    std::uint64_t sum = 0;
    for (const backends::Backend& each : proxy.context().snapshot->pools.front().backends.all()) {
      sum += each.state->failures.load();
    }
    return sum;
  }
  // So many handshakes that are answered at once.
  void become_used_to_quick_answers() {
    for (std::int32_t i = 0; i < HandshakePace::kEnough; ++i) {
      PipePtr client = upgrade();
      answer(proxy.backends().opened.back());
      client->reset = true;
      REQUIRE(proxy.loop().settle());
    }
    proxy.backends().opened.clear();
  }
};

bool is_open(const PipePtr& client) {
  return client->from_proxy.starts_with("HTTP/1.1 101 ");
}

}  // namespace

TEST_CASE("a handshake that a backend does not answer goes to the next one") {
  Handshakes test;
  const PipePtr client = test.upgrade();
  test.wait(1'900ms);
  CHECK(test.asked() == 1);
  test.wait(200ms);
  REQUIRE(test.asked() == 2);
  CHECK(test.backend(0)->closed);
  CHECK(test.backend(1)->from_proxy == test.backend(0)->from_proxy);
  CHECK(test.failures() == 1);
  test.answer(test.backend(1));
  CHECK(is_open(client));
  CHECK(test.proxy.fault() == "");
}

TEST_CASE("where answers are usually quick, a client that is new waits a fraction of a second") {
  Handshakes test;
  test.become_used_to_quick_answers();
  const PipePtr client = test.upgrade();
  test.wait(200ms);
  CHECK(test.asked() == 1);
  test.wait(150ms);
  REQUIRE(test.asked() == 2);
  test.answer(test.backend(1));
  CHECK(is_open(client));
}

TEST_CASE("a client that belongs to a backend waits for it, and then its pin moves because of a failure") {
  Handshakes test(2, [](proxy::Snapshot& snapshot) {
    snapshot.pools.front().rule.by = settings::AffinityBy::Header;
    snapshot.pools.front().rule.by_name = "x-user";
  });
  test.become_used_to_quick_answers();
  const std::string name = "X-User: u1\r\n";
  PipePtr first = test.upgrade(name);
  test.answer(test.backend(0));
  REQUIRE(is_open(first));
  first->reset = true;
  REQUIRE(test.proxy.loop().settle());
  const PipePtr again = test.upgrade(name);
  REQUIRE(test.asked() == 2);
  test.wait(1'900ms);
  CHECK(test.asked() == 2);
  test.wait(200ms);
  REQUIRE(test.asked() == 3);
  test.answer(test.backend(2));
  CHECK(is_open(again));
  const auto pins = test.proxy.context().shared.pins.list(0, 10, {}, test.proxy.loop().now()).entries;
  REQUIRE(pins.size() == 1);
  CHECK(pins.front().pin.reason == affinity::PinReason::Failover);
}

TEST_CASE("the last backend that can be asked has all the time that an answer has") {
  Handshakes test;
  const PipePtr client = test.upgrade();
  test.wait(2'100ms);
  REQUIRE(test.asked() == 2);
  test.wait(50s);
  CHECK(test.asked() == 2);
  SECTION("and may use it") {
    test.answer(test.backend(1));
    CHECK(is_open(client));
  }
  SECTION("and no more") {
    test.wait(11s);
    CHECK(client->from_proxy.starts_with("HTTP/1.1 504 "));
    CHECK(test.failures() == 2);
  }
}

TEST_CASE("a handshake is waited for where nobody else may be asked") {
  SECTION("there is one backend") {
    Handshakes test(1);
    static_cast<void>(test.upgrade());
    test.wait(30s);
    CHECK(test.asked() == 1);
    CHECK(test.failures() == 0);
  }
  SECTION("the others are down") {
    Handshakes test(2);
    for (const backends::Backend& each : test.proxy.context().snapshot->pools.front().backends.all()) {
      each.state->health = backends::Health::Down;
    }
    test.proxy.context().snapshot->pools.front().backends[0].state->health = backends::Health::Up;
    static_cast<void>(test.upgrade());
    test.wait(30s);
    CHECK(test.asked() == 1);
  }
  SECTION("affinity is strict") {
    Handshakes test(2, [](proxy::Snapshot& snapshot) { snapshot.pools.front().rule.strict = true; });
    static_cast<void>(test.upgrade());
    test.wait(30s);
    CHECK(test.asked() == 1);
  }
  SECTION("no further attempt is allowed") {
    Handshakes test(2, [](proxy::Snapshot& snapshot) { snapshot.retries = 0; });
    static_cast<void>(test.upgrade());
    test.wait(30s);
    CHECK(test.asked() == 1);
  }
  SECTION("the answer has begun") {
    Handshakes test(2);
    static_cast<void>(test.upgrade());
    test.backend(0)->to_proxy = "HTTP/1.1 101 Swit";
    test.wait(30s);
    CHECK(test.asked() == 1);
  }
}

TEST_CASE("a plain request is not asked twice for being slow") {
  Handshakes test;
  const PipePtr client = test.proxy.connect_client();
  client->to_proxy = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  test.wait(30s);
  CHECK(test.asked() == 1);
}

TEST_CASE("what is usual is known after some answers, follows them, and is bounded both ways") {
  HandshakePace pace;
  for (std::int32_t i = 0; i < HandshakePace::kEnough; ++i) {
    CHECK(pace.bound(kPool, 2s) == 2s);
    pace.note(kPool, 100ms);
  }
  CHECK(pace.bound(kPool, 2s) == 800ms);
  CHECK(pace.bound(kPool + 1, 2s) == 2s);
  for (int i = 0; i < 200; ++i) {
    pace.note(kPool, 1ms);
  }
  CHECK(pace.bound(kPool, 2s) == HandshakePace::kShortest);
  CHECK(pace.bound(kPool, 100ms) == 100ms);
  for (int i = 0; i < 16; ++i) {
    pace.note(kPool, 1s);
  }
  CHECK(pace.bound(kPool, 2s) == 2s);
}
