// Peers that vanish without a word, in memory: what the system would say of them is set by hand.
#include "proxy/peer_watch.h"

#include <chrono>
#include <string>

#include "tests/simulation/open_session.h"
#include "tests/support/catch.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::chrono_literals;
using proxy::PeerWatch;

namespace {

struct Watched {
  SimulatedProxy proxy{1};
  PeerWatch watch{proxy.context()};
  OpenSession session{proxy};
  Instant last_heard = proxy.loop().now();

  Watched() { watch.start(); }

  // Time passes while what `peer` was sent stays unanswered since `last_heard`.
  void stay_silent(MemoryPipe& peer, Duration time) {
    for (const Instant end = proxy.loop().now() + time; proxy.loop().now() < end;) {
      peer.unanswered = proxy.loop().now() - last_heard;
      REQUIRE(proxy.loop().advance(50ms));
    }
  }
  // It acknowledges, and is sent something new.
  void answer() {
    last_heard = proxy.loop().now();
    session.client->to_proxy += std::string("\x81\x80\0\0\0\0", 6);
    REQUIRE(proxy.loop().settle());
  }
  [[nodiscard]] bool is_live() { return proxy.open_tunnels() == 1; }
  [[nodiscard]] std::uint64_t ends(CloseReason reason) { return proxy.counters().ends(reason); }
};

}  // namespace

TEST_CASE(
    "a backend that acknowledges nothing any more loses its session, and the client is told by a reset") {
  Watched test;
  test.stay_silent(*test.session.backend, 6'900ms);
  CHECK(test.is_live());
  test.stay_silent(*test.session.backend, 2'600ms);
  CHECK_FALSE(test.is_live());
  CHECK(test.ends(CloseReason::BackendLost) == 1);
  CHECK(test.session.client->proxy_reset);
  CHECK(test.session.backend->proxy_reset);
}

TEST_CASE("a client that acknowledges nothing any more loses its session") {
  Watched test;
  test.stay_silent(*test.session.client, 9'500ms);
  CHECK_FALSE(test.is_live());
  CHECK(test.ends(CloseReason::ClientLost) == 1);
  CHECK(test.session.backend->proxy_reset);
}

TEST_CASE("a peer that answers in between keeps its session") {
  Watched test;
  for (int i = 0; i < 5; ++i) {
    test.stay_silent(*test.session.backend, 6s);
    test.session.backend->unanswered.reset();
    test.answer();
    REQUIRE(test.proxy.loop().advance(1'600ms));
  }
  CHECK(test.is_live());
}

TEST_CASE("an answer between two looks counts, although the peer owes again at the next") {
  Watched test;
  for (int i = 0; i < 5; ++i) {
    test.stay_silent(*test.session.backend, 6s);
    test.answer();
  }
  CHECK(test.is_live());
}

TEST_CASE("what was owed long before something was sent does not count") {
  Watched test;
  test.last_heard -= std::chrono::hours(1);
  test.stay_silent(*test.session.client, 6'900ms);
  CHECK(test.is_live());
}
