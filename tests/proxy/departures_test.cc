// Who is sent away by an order, in which order, and what the worker answers.

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "tests/proxy/farewell_story.h"

using namespace limpet;
using namespace limpet::test;

namespace {

constexpr Duration kGrace = 30s;

// Sessions that are told apart by their place; all on one backend unless there are more.
class Crowd {
 public:
  explicit Crowd(std::size_t sessions, std::size_t backends = 1) : proxy(backends) {
    for (std::size_t i = 0; i < sessions; ++i) {
      add();
    }
  }

  OpenSession& add() { return sessions_.emplace_back(proxy); }
  OpenSession& operator[](std::size_t index) { return sessions_[index]; }
  [[nodiscard]] std::size_t size() const { return sessions_.size(); }

  void talks(std::size_t index) { say(*sessions_[index].client, from_client("hi")); }
  void backend_talks(std::size_t index) { say(*sessions_[index].backend, from_backend("hi")); }
  void wait(Duration time) { REQUIRE(proxy.loop().advance(time)); }
  [[nodiscard]] bool was_told(std::size_t index) const {
    return sessions_[index].client->from_proxy.ends_with(kOurClose);
  }
  [[nodiscard]] std::vector<std::size_t> told() const {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < sessions_.size(); ++i) {
      if (was_told(i)) {
        all.push_back(i);
      }
    }
    return all;
  }
  void all_end() {
    for (OpenSession& session : sessions_) {
      session.client->fin = true;
      session.backend->fin = true;
    }
    REQUIRE(proxy.loop().settle());
  }
  // Of the session that was opened as the `index`th.
  [[nodiscard]] proxy::SessionView view(std::size_t index) {
    const auto page = proxy::list_sessions(proxy.context().sessions, 0, 1000, std::nullopt);
    const auto found = std::find_if(page.sessions.begin(), page.sessions.end(),
                                    [&](const auto& session) { return session.id == index + 1; });
    REQUIRE(found != page.sessions.end());
    return *found;
  }

  SimulatedProxy proxy;

 private:
  void say(MemoryPipe& pipe, const std::string& bytes) {
    pipe.to_proxy += bytes;
    REQUIRE(proxy.loop().settle());
  }

  std::deque<OpenSession> sessions_;
};

using Indices = std::vector<std::size_t>;

}  // namespace

TEST_CASE("the longest idle sessions go first, whoever of their ends was heard last") {
  Crowd crowd(5);
  for (const std::size_t index : {3U, 0U, 4U}) {
    crowd.wait(1s);
    crowd.talks(index);
  }
  crowd.wait(1s);
  crowd.backend_talks(1);
  crowd.wait(1s);
  // 2 has been silent since it was opened; then come 3, 0, 4, 1.
  Indices expected;
  for (const std::size_t next : {2U, 3U, 0U, 4U, 1U}) {
    const auto answer = crowd.proxy.send_away({.backend = 1, .most = 1, .grace = kGrace});
    CHECK(answer.told == 1);
    expected.push_back(next);
    std::sort(expected.begin(), expected.end());
    CHECK(crowd.told() == expected);
  }
  CHECK(crowd.proxy.send_away({.backend = 1, .most = 1, .grace = kGrace}).told == 0);
}

TEST_CASE("a place that a session has left holds nobody up") {
  Crowd crowd(40);
  crowd[30].client->fin = true;
  crowd[30].backend->fin = true;
  REQUIRE(crowd.proxy.loop().settle());
  CHECK(crowd.proxy.send_away({.backend = 1, .most = 100, .grace = kGrace}).told == 39);
}

TEST_CASE("whatever order sessions have talked in, they are sent away in that order") {
  constexpr std::size_t kCrowd = 40;
  const auto seed = static_cast<std::uint64_t>(GENERATE(1, 2, 3));
  INFO("seed " << seed);
  Crowd crowd(kCrowd);
  Random random(seed);
  std::vector<std::size_t> order(kCrowd);
  for (std::size_t i = 0; i < kCrowd; ++i) {
    order[i] = i;
  }
  for (std::size_t i = kCrowd - 1; i > 0; --i) {
    std::swap(order[i], order[random.below(i + 1)]);
  }
  for (const std::size_t index : order) {
    crowd.wait(50ms);
    crowd.talks(index);
  }
  std::size_t told = 0;
  while (told < kCrowd) {
    const std::size_t most = 1 + random.below(6);
    const auto answer = crowd.proxy.send_away({.backend = 1, .most = most, .grace = kGrace});
    REQUIRE(answer.told == std::min(most, kCrowd - told));
    told += answer.told;
    REQUIRE(answer.waiting == kCrowd - told);
    REQUIRE(answer.leaving == told);
    Indices expected(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(told));
    std::sort(expected.begin(), expected.end());
    REQUIRE(crowd.told() == expected);
  }
}

TEST_CASE("an order for nobody only counts") {
  Crowd crowd(3);
  crowd.wait(5s);
  crowd.talks(0);
  crowd.talks(1);
  crowd.wait(2s);
  const auto answer = crowd.proxy.send_away({.order = 7, .backend = 1});
  CHECK(answer.order == 7);
  CHECK(answer.told == 0);
  CHECK(answer.waiting == 3);
  CHECK(answer.leaving == 0);
  REQUIRE(answer.longest_idle.has_value());
  CHECK(*answer.longest_idle == 7s);
  CHECK(crowd.told().empty());
}

TEST_CASE("told sessions are leaving until they have ended, and then they are nobody") {
  Crowd crowd(2);
  static_cast<void>(crowd.proxy.send_away({.backend = 1, .most = 5, .grace = kGrace}));
  CHECK(crowd.proxy.send_away({.backend = 1}).leaving == 2);
  crowd.all_end();
  const auto answer = crowd.proxy.send_away({.backend = 1});
  CHECK(answer.leaving == 0);
  CHECK(answer.waiting == 0);
  CHECK_FALSE(answer.longest_idle.has_value());
  CHECK(crowd.proxy.fault_at_the_end().empty());
}

TEST_CASE("sessions that close by themselves meanwhile are neither told nor forgotten") {
  Crowd crowd(3);
  crowd.wait(1s);
  CHECK(crowd.proxy.send_away({.backend = 1}).waiting == 3);
  crowd[0].client->to_proxy = kClientClose;
  REQUIRE(crowd.proxy.loop().settle());
  crowd[1].client->reset = true;
  REQUIRE(crowd.proxy.loop().settle());
  const auto answer = crowd.proxy.send_away({.backend = 1, .most = 5, .grace = 2s});
  CHECK(answer.told == 1);
  CHECK(answer.leaving == 2);  // the one that is closing has to be gone in time too
  CHECK(crowd.told() == Indices{2});
  crowd.wait(3s);
  CHECK(crowd.proxy.open_tunnels() == 0);
}

TEST_CASE("a session that opens meanwhile is found by the next order") {
  Crowd crowd(1);
  const proxy::SendAway order{.backend = 1, .most = 10, .grace = kGrace};
  CHECK(crowd.proxy.send_away(order).told == 1);
  CHECK(crowd.proxy.send_away(order).told == 0);
  crowd.add();
  const auto answer = crowd.proxy.send_away(order);
  CHECK(answer.told == 1);
  CHECK(answer.waiting == 0);
  CHECK(crowd.was_told(1));
}

TEST_CASE("an order about silent backends takes only whom they have not spoken to since") {
  Crowd crowd(3);
  crowd.wait(1s);
  crowd.backend_talks(0);
  crowd.wait(1s);
  const Instant went_down = crowd.proxy.loop().now();
  crowd.wait(1s);
  crowd.backend_talks(1);
  crowd.talks(2);  // the client may say what it likes
  const proxy::SendAway order{.backend = 1,
                              .cause = CloseReason::BackendDown,
                              .most = 10,
                              .silent_since = went_down,
                              .grace = kGrace};
  proxy::SendAway count = order;
  count.most = 0;
  CHECK(crowd.proxy.send_away(count).waiting == 2);
  const auto answer = crowd.proxy.send_away(order);
  CHECK(answer.told == 2);
  CHECK(answer.waiting == 0);
  CHECK(answer.leaving == 2);
  CHECK(crowd.told() == Indices{0, 2});

  SECTION("a backend that takes bytes has not spoken by that") {
    Crowd other(1);
    const Instant since = other.proxy.loop().now();
    other.wait(1s);
    other[0].backend->room = 2;
    other.talks(0);
    other.wait(1s);
    other[0].backend->room = MemoryPipe::kUnlimited;
    REQUIRE(other.proxy.loop().settle());
    CHECK(other.proxy.send_away({.backend = 1, .silent_since = since}).waiting == 1);
  }
  SECTION("whom it speaks to between the look and the order stays") {
    crowd.add();
    crowd.wait(1s);
    proxy::SendAway again = order;
    again.silent_since = crowd.proxy.loop().now();
    again.most = 0;
    CHECK(crowd.proxy.send_away(again).waiting == 2);
    crowd.wait(50ms);
    crowd.backend_talks(3);
    again.most = 10;
    CHECK(crowd.proxy.send_away(again).told == 1);
    CHECK_FALSE(crowd.was_told(3));
  }
}

TEST_CASE("sessions of other backends are left alone by every order") {
  Crowd crowd(6, 2);
  Indices on_first;
  for (std::size_t i = 0; i < crowd.size(); ++i) {
    if (crowd.view(i).backend == 1) {
      on_first.push_back(i);
    }
  }
  REQUIRE(on_first.size() == 3);
  SECTION("to go") {
    CHECK(crowd.proxy.send_away({.backend = 1, .most = 10, .grace = kGrace}).told == 3);
    CHECK(crowd.told() == on_first);
    CHECK(crowd.proxy.send_away({.backend = 2}).waiting == 3);
  }
  SECTION("to be cut") {
    crowd.proxy.context().departures.cut({.backend = 1, .cause = CloseReason::BackendRemoved});
    REQUIRE(crowd.proxy.loop().settle());
    for (std::size_t i = 0; i < crowd.size(); ++i) {
      CHECK(crowd[i].client->closed == std::binary_search(on_first.begin(), on_first.end(), i));
    }
    CHECK(crowd.proxy.counters().ends(CloseReason::BackendRemoved) == 3);
    CHECK(crowd.proxy.counters().get(Counter::CutShort) == 3);
  }
  CHECK(crowd.proxy.fault().empty());
}

TEST_CASE("what was told for one cause and is cut for another keeps its own") {
  Crowd crowd(1);
  static_cast<void>(crowd.proxy.send_away({.backend = 1, .most = 1, .grace = kGrace}));
  crowd.proxy.context().departures.cut({.backend = 1, .cause = CloseReason::BackendRemoved});
  CHECK(crowd.proxy.counters().ends(CloseReason::Drained) == 1);
  CHECK(crowd.proxy.counters().get(Counter::CutShort) == 1);
}

TEST_CASE("one session is ended by its number") {
  Crowd crowd(3);
  auto& departures = crowd.proxy.context().departures;
  CHECK(departures.end({.id = 2, .grace = kGrace}));
  CHECK_FALSE(departures.end({.id = 4, .grace = kGrace}));
  CHECK(crowd.told() == Indices{1});
  crowd.all_end();
  CHECK(crowd.proxy.counters().ends(CloseReason::EndedByAdmin) == 1);
}

TEST_CASE("a client that is moved leaves with every session it has elsewhere") {
  Crowd crowd(3, 2);
  const proxy::SessionView first = crowd.view(0);
  proxy::MoveKey order{
      .pool = 1, .key = affinity::Key::make(affinity::KeyKind::Cookie, first.key), .grace = kGrace};
  auto& departures = crowd.proxy.context().departures;
  SECTION("to another backend") {
    CHECK(departures.move(order) == 1);
    CHECK(crowd.told() == Indices{0});
    crowd.all_end();
    CHECK(crowd.proxy.counters().ends(CloseReason::Moved) == 1);
  }
  SECTION("to the one where it is") {
    order.keep = first.backend;
    CHECK(departures.move(order) == 0);
  }
  SECTION("in another pool, or by a key of another kind") {
    order.pool = 2;
    CHECK(departures.move(order) == 0);
    order.pool = 1;
    order.key = affinity::Key::make(affinity::KeyKind::Header, first.key);
    CHECK(departures.move(order) == 0);
  }
}

TEST_CASE("a client that was sent away is not in the middle of a session from the moment it was told") {
  Crowd crowd(1);
  const affinity::Key key = affinity::Key::make(affinity::KeyKind::Cookie, crowd.view(0).key);
  const bool sent_away = GENERATE(false, true);
  if (sent_away) {
    static_cast<void>(crowd.proxy.send_away({.backend = 1, .most = 1, .grace = kGrace}));
  }
  const auto is_mid_session = [&] {
    const auto pin = crowd.proxy.context().shared.pins.find(1, key, crowd.proxy.loop().now());
    REQUIRE(pin.has_value());
    return pin->mid_session;
  };
  CHECK(is_mid_session() == !sent_away);  // its old session is still there
  crowd.all_end();
  CHECK(is_mid_session() == !sent_away);
}

TEST_CASE("a handshake is counted at its backend with the time it took") {
  SimulatedProxy proxy(1);
  const PipePtr client = proxy.connect_client();
  client->to_proxy = kUpgrade;
  REQUIRE(proxy.loop().settle());
  const auto& state = *proxy.context().snapshot->pools.front().backends[0].state;
  CHECK(state.handshakes == 0);
  REQUIRE(proxy.loop().advance(350ms));
  proxy.backends().opened.back()->to_proxy = kSwitch;
  REQUIRE(proxy.loop().settle());
  CHECK(state.handshakes == 1);
  CHECK(state.handshake_us == 350'000);
}
