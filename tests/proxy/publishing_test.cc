// How a worker takes publications to its sessions: whom, in what order, and how much in one turn.

#include "proxy/publishing.h"

#include <algorithm>
#include <deque>

#include "tests/proxy/publish_story.h"

using namespace limpet;
using namespace limpet::test;

namespace {

// Sessions on two backends in turn.
class Audience {
 public:
  explicit Audience(std::size_t sessions) : proxy(2) {
    for (std::size_t i = 0; i < sessions; ++i) {
      sessions_.emplace_back(proxy);
    }
  }

  [[nodiscard]] MemoryPipe& client(std::size_t index) { return *sessions_[index].client; }
  [[nodiscard]] MemoryPipe& backend(std::size_t index) { return *sessions_[index].backend; }
  [[nodiscard]] std::size_t size() const { return sessions_.size(); }

  void begin(proxy::Publication publication) {
    proxy.context().publishing.begin(std::make_shared<const proxy::Publication>(std::move(publication)));
  }
  void publish(std::string_view text) {
    begin({.frame = frame_of(text)});
    settle();
  }
  void settle() { REQUIRE(proxy.loop().settle()); }
  void wait(Duration time) { REQUIRE(proxy.loop().advance(time)); }
  // How many clients have got exactly this.
  [[nodiscard]] std::size_t got(std::string_view all) const {
    return static_cast<std::size_t>(
        std::count_if(sessions_.begin(), sessions_.end(),
                      [&](const auto& session) { return session.client->from_proxy == all; }));
  }
  [[nodiscard]] backends::BackendId backend_of(std::size_t index) {
    return proxy.context().sessions.at(index)->backend();
  }
  [[nodiscard]] std::uint64_t count(Counter counter) const { return proxy.counters().get(counter); }

  SimulatedProxy proxy;

 private:
  std::deque<OpenSession> sessions_;
};

}  // namespace

TEST_CASE("every session gets every message once, in order") {
  Audience audience(300);
  for (const char* const text : {"one", "two", "three"}) {
    audience.begin({.frame = frame_of(text)});
  }
  audience.settle();
  CHECK(audience.got(bytes("one") + bytes("two") + bytes("three")) == audience.size());
  CHECK(audience.count(Counter::PublishedSent) == 3 * audience.size());
}

TEST_CASE("a turn offers it to a bounded number of sessions, fewer when it is long") {
  const auto [length, most] =
      GENERATE(table<std::size_t, std::size_t>({{std::size_t{10}, 64U}, {std::size_t{256} * 1024, 4U}}));
  Audience audience(200);
  const std::string text(length, 't');
  audience.begin({.frame = frame_of(text)});
  for (std::size_t turn = 1; audience.got(bytes(text)) < audience.size(); ++turn) {
    REQUIRE(audience.proxy.loop().turn());
    CHECK(audience.got(bytes(text)) <= turn * most);
  }
}

TEST_CASE("others are relayed between two slices") {
  Audience audience(200);
  audience.begin({.frame = frame_of("news")});
  audience.client(199).to_proxy = from_client("hello");
  REQUIRE(audience.proxy.loop().turn());
  CHECK(audience.backend(199).from_proxy == from_client("hello"));
  CHECK(audience.got(bytes("news")) < audience.size());
}

TEST_CASE("a filter by backends takes it to their sessions alone") {
  Audience audience(40);
  const backends::BackendId wanted = audience.backend_of(0);
  std::vector<bool> backends(wanted + 1U);
  backends[wanted] = true;
  audience.begin({.frame = frame_of("news"), .backends = backends});
  audience.settle();
  std::size_t expected = 0;
  for (std::size_t i = 0; i < audience.size(); ++i) {
    const bool is_wanted = audience.backend_of(i) == wanted;
    expected += is_wanted ? 1 : 0;
    CHECK(audience.client(i).from_proxy == (is_wanted ? bytes("news") : ""));
  }
  CHECK(expected == audience.got(bytes("news")));
  CHECK(expected < audience.size());
}

TEST_CASE("a filter by key takes it to the sessions of one client") {
  Audience audience(5);
  const std::string key = audience.proxy.context().sessions.at(3)->key_text();
  REQUIRE_FALSE(key.empty());
  audience.begin({.frame = frame_of("news"), .key = key});
  audience.begin({.frame = frame_of("nobody"), .key = "another"});
  audience.settle();
  CHECK(audience.client(3).from_proxy == bytes("news"));
  CHECK(audience.got("") == 4);
}

TEST_CASE("sessions that end or come during the walk harm nobody") {
  Audience audience(150);
  audience.begin({.frame = frame_of("news")});
  REQUIRE(audience.proxy.loop().turn());
  for (std::size_t i = 0; i < audience.size(); i += 3) {
    audience.client(i).reset = true;
  }
  audience.settle();
  for (std::size_t i = 0; i < audience.size(); ++i) {
    CHECK((i % 3 == 0 || audience.client(i).from_proxy == bytes("news")));
  }
  const OpenSession newcomer(audience.proxy);
  audience.publish("more");
  CHECK(newcomer.client->from_proxy == bytes("more"));
}

TEST_CASE("a client whose queue is full loses the message, the others get it") {
  Audience audience(3);
  audience.client(1).room = 0;
  audience.publish("one");  // our own copy for the socket
  audience.publish("two");  // one may wait
  audience.publish("three");
  CHECK(audience.count(Counter::PublishedDropped) == 1);
  CHECK(audience.got(bytes("one") + bytes("two") + bytes("three")) == 2);
  audience.client(1).room = MemoryPipe::kUnlimited;
  audience.settle();
  CHECK(audience.client(1).from_proxy == bytes("one") + bytes("two"));
}

TEST_CASE("where it is wanted a full queue is waited for, and what comes later waits behind") {
  Audience audience(3);
  audience.client(1).room = 0;
  audience.publish("one");
  audience.publish("two");
  const Instant until = audience.proxy.loop().now() + 5s;
  audience.begin({.frame = frame_of("three"), .wait_until = until});
  audience.begin({.frame = frame_of("four"), .wait_until = until});
  audience.settle();
  CHECK(audience.got(bytes("one") + bytes("two") + bytes("three")) == 2);
  audience.wait(3s);
  CHECK(audience.count(Counter::PublishedDropped) == 0);
  audience.client(1).room = MemoryPipe::kUnlimited;
  audience.wait(200ms);
  CHECK(audience.got(bytes("one") + bytes("two") + bytes("three") + bytes("four")) == 3);
  CHECK(audience.count(Counter::PublishedDropped) == 0);
}

TEST_CASE("the wait for a full queue has an end") {
  Audience audience(3);
  audience.client(1).room = 0;
  audience.publish("one");
  audience.publish("two");
  const Instant until = audience.proxy.loop().now() + 5s;
  audience.begin({.frame = frame_of("three"), .wait_until = until});
  audience.begin({.frame = frame_of("four"), .wait_until = until});
  audience.wait(4900ms);
  CHECK(audience.count(Counter::PublishedDropped) == 0);
  audience.wait(300ms);
  CHECK(audience.count(Counter::PublishedDropped) == 2);
  CHECK(audience.got(bytes("one") + bytes("two") + bytes("three") + bytes("four")) == 2);
}

TEST_CASE("who leaves while its queue is waited for is counted as dropped, and holds up nobody") {
  Audience audience(2);
  audience.client(1).room = 0;
  audience.publish("one");
  audience.publish("two");
  audience.begin({.frame = frame_of("three"), .wait_until = audience.proxy.loop().now() + 5s});
  audience.settle();
  audience.client(1).reset = true;
  audience.wait(200ms);
  CHECK(audience.count(Counter::PublishedDropped) == 2);  // "two" waited for it too
  audience.publish("four");
  CHECK(audience.client(0).from_proxy == bytes("one") + bytes("two") + bytes("three") + bytes("four"));
}

TEST_CASE("with nobody there it is over at once") {
  Audience audience(0);
  audience.publish("news");
  CHECK(audience.count(Counter::PublishedSent) == 0);
}
