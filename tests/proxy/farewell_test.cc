// A session that is sent away ends in good order: what each end was given before the Close is whole, and both
// hear the Close.

#include "tests/proxy/farewell_story.h"

using namespace limpet;
using namespace limpet::test;

TEST_CASE("between messages both ends are told at once, and the session ends when both have answered") {
  FarewellStory story;
  const proxy::SentAway answer = story.send_away();
  CHECK(answer.told == 1);
  CHECK(answer.leaving == 1);
  CHECK(story.client.from_proxy == kOurClose);
  CHECK(story.backend_was_told());
  CHECK_FALSE(story.client.proxy_fin);

  story.client_sends(kClientClose);
  CHECK(story.client.proxy_fin);  // limpet is the client's server: it closes first
  CHECK_FALSE(story.backend.proxy_fin);
  story.backend_sends(kBackendClose);
  CHECK_FALSE(story.backend.proxy_fin);  // and the backend is one too
  story.end(story.backend);
  CHECK(story.backend.proxy_fin);
  story.expect_live();
  story.end(story.client);

  CHECK(story.client.from_proxy == kOurClose);
  CHECK(story.backend.from_proxy.size() == kMaskedCloseBytes);
  CHECK(story.proxy.counters().get(Counter::SentAway) == 1);
  story.expect_end(CloseReason::Drained);
}

TEST_CASE("the Close says what the pool says, and stands for what the order says") {
  SimulatedProxy proxy(1, [](proxy::Snapshot& snapshot) {
    snapshot.pools.front().drain.close_code = 1001;
    snapshot.pools.front().drain.reason = "come again";
  });
  OpenSession session(proxy);
  proxy.send_everybody_away(CloseReason::BackendRemoved, 1s);
  REQUIRE(proxy.loop().settle());
  CHECK(session.client->from_proxy == std::string("\x88\x0c\x03\xe9") + "come again");
  CHECK(read_masked_close(session.backend->from_proxy) ==
        "\x03\xe9"
        "come again");
  REQUIRE(proxy.loop().advance(2s));
  CHECK(proxy.counters().ends(CloseReason::BackendRemoved) == 1);
}

TEST_CASE("a session whose pool is gone is told of a restart") {
  FarewellStory story;
  auto empty = std::make_shared<proxy::Snapshot>();
  empty->access_log = false;
  story.proxy.context().snapshot = empty;
  story.send_away();
  CHECK(story.client.from_proxy == kOurClose);
}

TEST_CASE("in the middle of a frame its end is awaited, and nothing is put into it") {
  FarewellStory story;
  const std::string large = from_backend(std::string(300'000, 'L'));
  story.backend_sends(large.substr(0, 100'000));
  story.send_away();
  CHECK(story.backend_was_told());  // the other direction was between frames
  CHECK(story.client.from_proxy == large.substr(0, 100'000));
  story.wait(20s);
  story.expect_live();
  story.backend_sends(large.substr(100'000, 150'000));
  CHECK(story.client.from_proxy == large.substr(0, 250'000));
  // The end of the frame, and more in the same read.
  story.backend_sends(large.substr(250'000) + from_backend("too late") + kBackendClose);
  CHECK(story.client.from_proxy == large + kOurClose);
  story.client_sends(kClientClose);
  story.end(story.backend);
  story.end(story.client);
  CHECK(story.client.from_proxy == large + kOurClose);
  story.expect_end(CloseReason::Drained);
}

TEST_CASE("an upload that is under way arrives whole, and what follows it goes nowhere") {
  FarewellStory story;
  const std::string upload = from_client(std::string(70'000, 'U'));
  story.client_sends(upload.substr(0, 3));  // not even the length is known
  story.send_away();
  CHECK(story.client.from_proxy == kOurClose);
  CHECK(story.backend.from_proxy == upload.substr(0, 3));
  story.client_sends(upload.substr(3) + from_client("too late"));
  CHECK(story.backend_was_told(upload));
  story.client_sends(from_client(std::string(100'000, 'x')) + kClientClose);
  CHECK(story.backend_was_told(upload));
  CHECK(story.client.proxy_fin);  // its Close was noticed among what was dropped
}

TEST_CASE("both directions end their frames in their own time") {
  FarewellStory story;
  const std::string up = from_client("from the client");
  const std::string down = from_backend("from the backend");
  story.client_sends(up.substr(0, 10));
  story.backend_sends(down.substr(0, 5));
  story.send_away();
  CHECK(story.client.from_proxy == down.substr(0, 5));
  CHECK(story.backend.from_proxy == up.substr(0, 10));
  story.backend_sends(down.substr(5));
  CHECK(story.client.from_proxy == down + kOurClose);
  CHECK(story.backend.from_proxy == up.substr(0, 10));
  story.client_sends(up.substr(10));
  CHECK(story.backend_was_told(up));
}

TEST_CASE("the Close stands between the fragments of a message") {
  FarewellStory story;
  std::string first = from_backend("the first part");
  first[0] = '\x02';  // without FIN
  std::string last = from_backend("the last part");
  last[0] = '\x80';
  story.backend_sends(first.substr(0, 4));
  story.send_away();
  story.backend_sends(first.substr(4) + last);
  CHECK(story.client.from_proxy == first + kOurClose);
}

TEST_CASE("compressed frames pass unchanged up to the Close") {
  FarewellStory story;
  std::string compressed = from_backend(std::string("\xaa\x56\x4a\x2d\x2a\x00", 6));
  compressed[0] = '\xc1';  // FIN, RSV1 (RFC 7692), text
  story.backend_sends(compressed + compressed.substr(0, 3));
  story.send_away();
  story.backend_sends(compressed.substr(3));
  CHECK(story.client.from_proxy == compressed + compressed + kOurClose);
}

TEST_CASE("a slow reader gets everything that was accepted for it, and then the Close") {
  FarewellStory story;
  const std::string large = from_backend(std::string(100'000, 'L'));
  story.client.room = 10;
  SECTION("whole when it was told") {
    story.backend_sends(large);
    story.send_away();
  }
  SECTION("not whole when it was told") {
    story.backend_sends(large.substr(0, 60'000));
    story.send_away();
    story.backend_sends(large.substr(60'000));
    CHECK_FALSE(story.backend.to_proxy.empty());  // the source waits, as ever
  }
  CHECK(story.client.from_proxy == large.substr(0, 10));
  story.client_sends(kClientClose);
  CHECK_FALSE(story.client.proxy_fin);  // its own Close crossed ours, which it has yet to get
  story.reads_on(story.client);
  CHECK(story.client.from_proxy == large + kOurClose);
  CHECK(story.client.proxy_fin);
}

TEST_CASE("ends that take and give one byte at a time get the same bytes") {
  FarewellStory story;
  const std::string up = from_client("an upload");
  const std::string down = from_backend(std::string(200, 'D'));
  story.client_sends(up.substr(0, 8));
  story.backend_sends(down.substr(0, 8));
  for (MemoryPipe* const pipe : {&story.client, &story.backend}) {
    pipe->most_a_read = 1;
    pipe->room = 0;
  }
  story.client.to_proxy += up.substr(8) + from_client("late");
  story.backend.to_proxy += down.substr(8) + from_backend("late");
  story.send_away();
  for (int i = 0; i < 1000; ++i) {
    story.client.room = 1;
    story.backend.room = 1;
    story.settle();
  }
  CHECK(story.client.from_proxy == down + kOurClose);
  CHECK(story.backend_was_told(up));
}

TEST_CASE("whose ends are closing already hear nothing of it") {
  FarewellStory story;
  SECTION("the client has said Close") {
    story.client_sends(kClientClose);
    CHECK(story.send_away().told == 0);
    CHECK(story.backend.from_proxy == kClientClose);
    CHECK(story.client.from_proxy.empty());
    story.backend_sends(from_backend("my last words") + kBackendClose);
    CHECK(story.client.from_proxy == from_backend("my last words") + kBackendClose);
    story.end(story.backend);
    story.expect_end(CloseReason::ClientClosed);
  }
  SECTION("the backend is saying it") {
    story.backend_sends(kBackendClose.substr(0, 1));
    CHECK(story.send_away().told == 0);
    story.backend_sends(kBackendClose.substr(1));
    story.client_sends(kClientClose);
    CHECK(story.client.from_proxy == kBackendClose);
    CHECK(story.backend.from_proxy == kClientClose);
    story.end(story.backend);
    story.expect_end(CloseReason::BackendClosed);
  }
  SECTION("the client has yet to take the backend's") {
    story.client.room = 1;
    story.backend_sends(kBackendClose);
    CHECK(story.send_away().told == 0);
    story.reads_on(story.client);
    CHECK(story.client.from_proxy == kBackendClose);
    story.client_sends(kClientClose);
    story.end(story.backend);
    story.expect_end(CloseReason::BackendClosed);
  }
  CHECK(story.proxy.counters().get(Counter::SentAway) == 0);
}

TEST_CASE("the answers are awaited for a while; then comes the end") {
  FarewellStory story;
  story.send_away();
  story.wait(4s);
  CHECK_FALSE(story.client.proxy_fin);
  CHECK_FALSE(story.backend.proxy_fin);
  story.wait(2s);
  CHECK(story.client.proxy_fin);
  CHECK(story.backend.proxy_fin);
  story.expect_live();
  story.wait(2s);
  story.expect_end(CloseReason::Drained);
}

TEST_CASE("after our Close the answer of one side does not cut the other") {
  FarewellStory story;
  story.send_away();
  story.client_sends(kClientClose);
  story.end(story.client);
  story.expect_live();
  story.backend_sends("whatever it has to say");
  story.expect_live();
  story.end(story.backend);
  story.expect_end(CloseReason::Drained);
}

TEST_CASE("what waits for the end of the turn goes before the Close") {
  // Someone who is told of its bytes in the same turn as the session, after it.
  struct Interrupter final : net::StreamEvents {
    explicit Interrupter(FarewellStory& story) : story_(story) {}
    void on_readable(net::Stream& stream) override {
      static_cast<void>(stream.read(story_.proxy.loop().scratch()));
      CHECK(story_.client.from_proxy.empty());
      static_cast<void>(story_.proxy.send_away({.backend = 1, .most = 1, .grace = 1s}));
    }
    void on_writable(net::Stream&) override {}
    void on_broken(net::Stream&) override {}
    FarewellStory& story_;
  };
  FarewellStory story;
  auto pipe = std::make_shared<MemoryPipe>();
  Interrupter interrupter(story);
  const net::StreamPtr stream = story.proxy.loop().open(pipe);
  stream->set_events(&interrupter);
  stream->watch(true, false);
  pipe->to_proxy = "now";
  story.backend_sends(from_backend("hi"));
  CHECK(story.client.from_proxy == from_backend("hi") + kOurClose);
}

TEST_CASE("an idle session ends in the same way, with its own words") {
  SimulatedProxy proxy(1, [](proxy::Snapshot& snapshot) { snapshot.timeouts.idle = 60s; });
  OpenSession session(proxy);
  REQUIRE(proxy.loop().advance(61s, 1s));
  CHECK(session.client->from_proxy == std::string("\x88\x0e\x03\xe9") + "idle timeout");
  CHECK(read_masked_close(session.backend->from_proxy) ==
        "\x03\xe9"
        "idle timeout");
  session.client->fin = true;
  session.backend->fin = true;
  REQUIRE(proxy.loop().settle());
  CHECK(session.client->closed);
  CHECK(proxy.counters().ends(CloseReason::IdleTimeout) == 1);
}
