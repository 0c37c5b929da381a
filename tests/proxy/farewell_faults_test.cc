// What happens to a session that is sent away when its ends do not play along.

#include "tests/proxy/farewell_story.h"

using namespace limpet;
using namespace limpet::test;

namespace {

const std::string kLarge = from_backend(std::string(100'000, 'L'));
// The length has its top bit set (RFC 6455 5.2).
const std::string kLosesBoundaries("\x82\x7f\x80\0\0\0\0\0\0\x01", 10);

}  // namespace

TEST_CASE("a frame that does not end within the grace is cut, and counted") {
  FarewellStory story;
  const bool by_client = GENERATE(false, true);
  if (by_client) {
    story.client_sends(from_client("an upload").substr(0, 9));
  } else {
    story.backend_sends(kLarge.substr(0, 1000));
  }
  story.send_away(3s);
  story.wait(2900ms);
  story.expect_live();
  story.wait(200ms);
  story.expect_end(CloseReason::Drained, true);
  CHECK(story.proxy.counters().get(Counter::SentAway) == 1);
  CHECK((by_client ? story.backend : story.client).from_proxy.size() == (by_client ? 9 : 1000));
}

TEST_CASE("an end that does not read is cut when the grace is over") {
  FarewellStory story;
  MemoryPipe& deaf = GENERATE(false, true) ? story.client : story.backend;
  deaf.room = 5;
  story.send_away(20s);
  story.wait(19s);
  story.expect_live();
  story.wait(1100ms);
  story.expect_end(CloseReason::Drained, true);
}

TEST_CASE("an answer that does not come within a short grace is not awaited longer") {
  FarewellStory story;
  story.send_away(1s);
  story.wait(1100ms);
  story.expect_end(CloseReason::Drained, true);
}

TEST_CASE("ends that do not come to the end of their own closing are cut, for their own reason") {
  FarewellStory story;
  story.client_sends(kClientClose);
  story.send_away(3s);
  story.wait(2s);
  story.backend_sends(from_backend("still here"));  // which would put off the end of an idle session
  story.expect_live();
  story.wait(1100ms);
  story.expect_end(CloseReason::ClientClosed, true);
}

TEST_CASE("a second order may shorten the grace, and never lengthens it") {
  FarewellStory story;
  story.backend_sends(kLarge.substr(0, 1000));
  story.send_away(20s);
  story.send_away(60s);
  const bool shorter = GENERATE(false, true);
  if (shorter) {
    static_cast<void>(
        story.proxy.send_away({.backend = 1, .cause = CloseReason::Shutdown, .most = 1, .grace = 2s}));
    story.wait(2100ms);
  } else {
    story.wait(20100ms);
  }
  story.expect_end(CloseReason::Drained, true);
}

TEST_CASE("a backend that resets behind our Close takes nothing from the client") {
  FarewellStory story;
  story.client.room = 10;
  story.backend_sends(kLarge);
  story.send_away();
  story.reset(story.backend);
  story.expect_live();
  story.client_sends(from_client("what nobody wants any more"));
  story.reads_on(story.client);
  CHECK(story.client.from_proxy == kLarge + kOurClose);
  CHECK_FALSE(story.client.proxy_fin);
  story.client_sends(kClientClose);
  CHECK(story.client.proxy_fin);
  CHECK_FALSE(story.client.proxy_reset);
  story.end(story.client);
  story.expect_end(CloseReason::Drained);
}

TEST_CASE("a client whose backend resets within a frame sees that it does not go on") {
  FarewellStory story;
  story.backend_sends(kLarge.substr(0, 1000));
  story.send_away();
  story.reset(story.backend);
  CHECK(story.client.from_proxy == kLarge.substr(0, 1000));
  CHECK(story.client.proxy_reset);
  story.expect_end(CloseReason::Drained);
}

TEST_CASE("a client that resets ends its side alone when its backend was told") {
  FarewellStory story;
  story.send_away();
  story.reset(story.client);
  story.expect_live();
  story.backend_sends(kBackendClose);
  story.end(story.backend);
  CHECK_FALSE(story.backend.proxy_reset);
  story.expect_end(CloseReason::Drained);
}

TEST_CASE("an end that is gone at the moment of the Close is not told, and the other one is") {
  FarewellStory story;
  MemoryPipe& gone = GENERATE(false, true) ? story.client : story.backend;
  gone.reset = true;  // nobody has noticed yet
  story.send_away();
  MemoryPipe& other = &gone == &story.client ? story.backend : story.client;
  CHECK(gone.from_proxy.empty());
  CHECK((other.proxy_fin || other.from_proxy == kOurClose));
  story.end(other);
  story.expect_end(CloseReason::Drained);
}

TEST_CASE("a backend that breaks while a frame is passed to it is no longer waited for") {
  FarewellStory story;
  const std::string upload = from_client("an upload");
  story.client_sends(upload.substr(0, 9));
  story.send_away();
  story.proxy.loop().fail_call(story.proxy.loop().calls() + 2, EPIPE);
  story.client_sends(upload.substr(9) + kClientClose);
  CHECK(story.client.from_proxy == kOurClose);
  CHECK(story.client.proxy_fin);
  story.end(story.client);
  story.expect_end(CloseReason::Drained);
}

TEST_CASE("an end within a frame is passed on without a Close") {
  FarewellStory story;
  story.backend_sends(kLarge.substr(0, 1000));
  story.send_away();
  story.end(story.backend);
  CHECK(story.client.from_proxy == kLarge.substr(0, 1000));
  CHECK(story.client.proxy_fin);
  CHECK(story.backend_was_told());
  CHECK(story.backend.proxy_fin);
  story.end(story.client);
  story.expect_end(CloseReason::Drained);
}

TEST_CASE("a direction that has ended gets no Close, the other one does") {
  FarewellStory story;
  story.end(story.client);
  CHECK(story.backend.proxy_fin);
  story.backend_sends(from_backend("still talking"));
  CHECK(story.send_away().told == 1);
  CHECK(story.backend.from_proxy.empty());
  CHECK(story.client.from_proxy == from_backend("still talking") + kOurClose);
  CHECK(story.client.proxy_fin);  // it has nothing to answer with
  story.end(story.backend);
  story.expect_end(CloseReason::Drained);
}

TEST_CASE("where boundaries are not known nothing is put, and the end is said") {
  FarewellStory story;
  SECTION("since before") {
    story.backend_sends(kLosesBoundaries + "whatever");
    story.send_away();
    CHECK(story.client.from_proxy == kLosesBoundaries + "whatever");
  }
  SECTION("since then") {
    story.backend_sends(kLosesBoundaries.substr(0, 2));
    story.send_away();
    story.backend_sends(kLosesBoundaries.substr(2) + "whatever");
    CHECK(story.client.from_proxy == kLosesBoundaries);
  }
  CHECK(story.client.proxy_fin);
  CHECK(story.backend_was_told());
}

TEST_CASE("out of chunks for the Close of a slow reader both ends see that bytes are lost") {
  FarewellStory story;
  story.client.room = 0;
  story.proxy.loop().chunks().fail_lend(1);
  story.send_away();
  CHECK(story.client.proxy_reset);
  CHECK(story.backend.proxy_reset);
  story.expect_end(CloseReason::InternalError);
}

TEST_CASE("who sends without end behind our Close keeps nothing alive") {
  FarewellStory story;
  story.send_away();
  for (int second = 0; second < 8; ++second) {
    story.client_sends(from_client(std::string(100'000, 'x')));
    story.backend_sends(from_backend(std::string(100'000, 'x')));
    story.wait(1s);
  }
  CHECK(story.backend.from_proxy.size() == kMaskedCloseBytes);
  story.expect_end(CloseReason::Drained);
}

TEST_CASE("an idle session in the middle of a frame is cut without a byte in it") {
  SimulatedProxy proxy(1, [](proxy::Snapshot& snapshot) { snapshot.timeouts.idle = 60s; });
  OpenSession session(proxy);
  const std::string half = kLarge.substr(0, 50);
  session.backend->to_proxy = half;
  REQUIRE(proxy.loop().settle());
  REQUIRE(proxy.loop().advance(80s, 1s));
  CHECK(session.client->from_proxy == half);
  CHECK(session.client->closed);
  CHECK(proxy.counters().ends(CloseReason::IdleTimeout) == 1);
  CHECK(proxy.counters().get(Counter::CutShort) == 1);
}

TEST_CASE("closing ends that go silent are closed like half closed ones, for their own reason") {
  SimulatedProxy proxy(1, [](proxy::Snapshot& snapshot) { snapshot.timeouts.idle = 60s; });
  OpenSession session(proxy);
  session.client->to_proxy = kClientClose;
  REQUIRE(proxy.loop().settle());
  REQUIRE(proxy.loop().advance(61s, 1s));
  CHECK(session.client->closed);
  CHECK(session.client->from_proxy.empty());
  CHECK(proxy.counters().ends(CloseReason::ClientClosed) == 1);
}
