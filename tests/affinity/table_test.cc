#include "affinity/table.h"

#include <set>
#include <string>

#include "tests/support/catch.h"

namespace limpet::affinity {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr PoolId kPool = 1;
constexpr Duration kTtl = minutes(10);
const Instant kStart{std::chrono::hours(100)};

Key key_of(int i) {
  return Key::make(KeyKind::ClientIp, "client-" + std::to_string(i));
}

Pin pin_to(backends::BackendId backend, PinReason reason = PinReason::Balance) {
  return {.backend = backend, .reason = reason};
}

// A session that came and went.
void visit(AffinityTable& table, const Key& key, const Pin& pin, Instant now) {
  table.open_session(kPool, key, pin, kTtl, now);
  table.close_session(kPool, key, now);
}

PinView only_view(const AffinityTable& table, const Key& key, Instant now) {
  const auto views = table.find_text(key.text, now);
  REQUIRE(views.size() == 1);
  return views.front();
}

TEST_CASE("a pin is found in its pool and nowhere else") {
  AffinityTable table(100);
  const Key key = key_of(1);
  CHECK_FALSE(table.find(kPool, key, kStart));
  table.open_session(kPool, key, pin_to(7, PinReason::Hash), kTtl, kStart);
  const auto pin = table.find(kPool, key, kStart);
  REQUIRE(pin);
  CHECK(pin->backend == 7);
  CHECK(pin->reason == PinReason::Hash);
  CHECK_FALSE(pin->by_hand);
  CHECK_FALSE(table.find(kPool + 1, key, kStart));
  CHECK_FALSE(table.find(kPool, Key::make(KeyKind::Header, key.text), kStart));
  CHECK(table.size() == 1);
}

TEST_CASE("a pin outlives its last session by its ttl and not longer") {
  AffinityTable table(100);
  const Key key = key_of(1);
  table.open_session(kPool, key, pin_to(7), kTtl, kStart);
  table.open_session(kPool, key, pin_to(7), kTtl, kStart);
  CHECK(table.find(kPool, key, kStart + kTtl * 100));
  table.close_session(kPool, key, kStart + kTtl);
  CHECK(table.find(kPool, key, kStart + kTtl * 100));
  const Instant end = kStart + kTtl * 100;
  table.close_session(kPool, key, end);
  CHECK(table.find(kPool, key, end + kTtl - Duration(1)));
  CHECK_FALSE(table.find(kPool, key, end + kTtl));
}

TEST_CASE("an expired entry leaves nothing to the one that follows it") {
  AffinityTable table(100);
  const Key key = key_of(1);
  table.set_by_hand(kPool, key, 3, kTtl, kStart);
  const Instant later = kStart + kTtl;
  table.open_session(kPool, key, pin_to(3, PinReason::Hash), kTtl, later);
  const PinView view = only_view(table, key, later);
  CHECK_FALSE(view.pin.by_hand);
  CHECK(view.pin.reason == PinReason::Hash);
  CHECK(view.created == later);
}

TEST_CASE("the same backend keeps the reason, another backend brings its own") {
  AffinityTable table(100);
  const Key key = key_of(1);
  visit(table, key, pin_to(1, PinReason::Overflow), kStart);
  visit(table, key, pin_to(1, PinReason::Hash), kStart);
  CHECK(table.find(kPool, key, kStart)->reason == PinReason::Overflow);
  visit(table, key, pin_to(2, PinReason::Failover), kStart);
  CHECK(table.find(kPool, key, kStart)->backend == 2);
  CHECK(table.find(kPool, key, kStart)->reason == PinReason::Failover);
}

TEST_CASE("an operator's word stands until a failover, not until the next session of an older decision") {
  AffinityTable table(100);
  const Key key = key_of(1);
  visit(table, key, pin_to(1), kStart);
  table.set_by_hand(kPool, key, 2, kTtl, kStart);
  CHECK(table.find(kPool, key, kStart)->by_hand);
  CHECK(table.find(kPool, key, kStart)->reason == PinReason::Moved);
  visit(table, key, pin_to(1), kStart);
  CHECK(table.find(kPool, key, kStart)->backend == 2);
  visit(table, key, pin_to(2), kStart);
  CHECK(table.find(kPool, key, kStart)->by_hand);
  visit(table, key, pin_to(3, PinReason::Failover), kStart);
  CHECK(table.find(kPool, key, kStart)->backend == 3);
  CHECK_FALSE(table.find(kPool, key, kStart)->by_hand);
}

TEST_CASE("a client is mid-session with a session open, and for a minute after one was opened") {
  AffinityTable table(100);
  const Key key = key_of(1);
  table.open_session(kPool, key, pin_to(1), kTtl, kStart);
  CHECK(table.find(kPool, key, kStart + minutes(5))->mid_session);
  table.close_session(kPool, key, kStart + seconds(30));
  CHECK(table.find(kPool, key, kStart + seconds(59))->mid_session);
  CHECK_FALSE(table.find(kPool, key, kStart + seconds(60))->mid_session);
}

TEST_CASE("a client that was sent away is not mid-session, unless another session of it is open") {
  AffinityTable table(100);
  const Key key = key_of(1);
  table.open_session(kPool, key, pin_to(1), kTtl, kStart);
  table.open_session(kPool, key, pin_to(1), kTtl, kStart);
  table.close_session(kPool, key, kStart, Ending::SentAway);
  CHECK(table.find(kPool, key, kStart)->mid_session);
  table.close_session(kPool, key, kStart, Ending::SentAway);
  CHECK_FALSE(table.find(kPool, key, kStart)->mid_session);
}

TEST_CASE("a pin that was only set by hand is not mid-session") {
  AffinityTable table(100);
  table.set_by_hand(kPool, key_of(1), 2, kTtl, kStart);
  CHECK_FALSE(table.find(kPool, key_of(1), kStart)->mid_session);
}

TEST_CASE("closing a session of a forgotten entry changes nothing") {
  AffinityTable table(100);
  const Key key = key_of(1);
  table.open_session(kPool, key, pin_to(1), kTtl, kStart);
  CHECK(table.forget(kPool, key));
  CHECK_FALSE(table.forget(kPool, key));
  table.close_session(kPool, key, kStart);
  CHECK(table.size() == 0);
  visit(table, key, pin_to(2), kStart);
  table.close_session(kPool, key, kStart);
  CHECK(only_view(table, key, kStart).sessions == 0);
}

TEST_CASE("a view tells what the table knows") {
  AffinityTable table(100);
  const Key key = key_of(1);
  table.open_session(kPool, key, pin_to(4, PinReason::Hash), kTtl, kStart);
  PinView view = only_view(table, key, kStart);
  CHECK(view.key == key.text);
  CHECK(view.kind == KeyKind::ClientIp);
  CHECK(view.pool == kPool);
  CHECK(view.pin.backend == 4);
  CHECK(view.sessions == 1);
  CHECK(view.created == kStart);
  CHECK_FALSE(view.expires);
  table.close_session(kPool, key, kStart + seconds(5));
  view = only_view(table, key, kStart + seconds(5));
  CHECK(view.sessions == 0);
  CHECK(view.created == kStart);
  CHECK(view.last_seen == kStart + seconds(5));
  CHECK(view.expires == kStart + seconds(5) + kTtl);
}

TEST_CASE("a text is found in every pool and kind, and not when it has expired") {
  AffinityTable table(100'000);
  for (PoolId pool = 0; pool < 5; ++pool) {
    table.open_session(pool, Key::make(KeyKind::Header, "alice"), pin_to(1), kTtl, kStart);
  }
  table.open_session(kPool, Key::make(KeyKind::Query, "alice"), pin_to(1), kTtl, kStart);
  table.open_session(kPool, Key::make(KeyKind::Query, "alicia"), pin_to(1), kTtl, kStart);
  table.set_by_hand(kPool, Key::make(KeyKind::Path, "alice"), 2, kTtl, kStart);
  CHECK(table.find_text("alice", kStart).size() == 7);
  CHECK(table.find_text("alice", kStart + kTtl).size() == 6);
  CHECK(table.find_text("bob", kStart).empty());
}

TEST_CASE("a long text is found by itself and by its digest") {
  AffinityTable table(100);
  const std::string text(1000, 'x');
  const Key key = Key::make(KeyKind::Header, text);
  visit(table, key, pin_to(1), kStart);
  CHECK(table.find(kPool, key, kStart));
  CHECK(table.find_text(text, kStart).size() == 1);
  CHECK(table.find_text(key.text, kStart).size() == 1);
}

TEST_CASE("a table never holds more than its bound and loses the least recently used first") {
  for (const std::size_t most : {1U, 10U, 1000U, 70'001U}) {
    CAPTURE(most);
    AffinityTable table(most);
    const int last = 2 * static_cast<int>(most) + 5000;
    for (int i = 0; i <= last; ++i) {
      visit(table, key_of(i), pin_to(1), kStart);
    }
    CHECK(table.size() == most);
    CHECK(table.evictions() == static_cast<std::uint64_t>(last) + 1 - most);
    CHECK_FALSE(table.find(kPool, key_of(0), kStart));
    CHECK(table.find(kPool, key_of(last), kStart));
  }
}

TEST_CASE("an entry that an operator has just set is not the next to go") {
  AffinityTable table(3);
  for (int i = 0; i < 3; ++i) {
    visit(table, key_of(i), pin_to(1), kStart);
  }
  table.set_by_hand(kPool, key_of(0), 2, kTtl, kStart);
  visit(table, key_of(3), pin_to(1), kStart);
  CHECK(table.find(kPool, key_of(0), kStart));
  CHECK_FALSE(table.find(kPool, key_of(1), kStart));
}

TEST_CASE("expiry frees what has expired, and nothing else") {
  AffinityTable table(1000);
  for (int i = 0; i < 100; ++i) {
    visit(table, key_of(i), pin_to(1), kStart);
  }
  table.open_session(kPool, key_of(1000), pin_to(1), kTtl, kStart);
  CHECK(table.expire(kStart + kTtl - Duration(1)) == 0);
  CHECK(table.expire(kStart + kTtl) == 100);
  CHECK(table.size() == 1);
  CHECK(table.evictions() == 0);
}

TEST_CASE("a step of expiry frees a bounded number, and the steps come round to every entry") {
  constexpr int kEntries = 50'000;
  AffinityTable table(200'000);
  for (int i = 0; i < kEntries; ++i) {
    visit(table, key_of(i), pin_to(1), kStart);
  }
  std::size_t freed = 0;
  for (int step = 0; step < 100; ++step) {
    const std::size_t now = table.expire(kStart + kTtl);
    CHECK(now <= 2000);
    freed += now;
  }
  CHECK(freed == kEntries);
  CHECK(table.size() == 0);
}

std::multiset<std::string> list_all(const AffinityTable& table, std::size_t limit,
                                    const AffinityTable::Filter& filter, Instant now) {
  std::multiset<std::string> keys;
  std::uint64_t cursor = 0;
  do {
    const AffinityTable::Page page = table.list(cursor, limit, filter, now);
    CHECK(page.entries.size() <= limit);
    for (const PinView& view : page.entries) {
      keys.insert(view.key);
    }
    REQUIRE((page.next == 0 || page.next > cursor));
    cursor = page.next;
  } while (cursor != 0);
  return keys;
}

TEST_CASE("pages together list every entry exactly once") {
  AffinityTable table(300'000);
  std::multiset<std::string> expected;
  for (int i = 0; i < 10'000; ++i) {
    visit(table, key_of(i), pin_to(1), kStart);
    expected.insert(key_of(i).text);
  }
  for (const std::size_t limit : {7U, 100U, 256U, 100'000U}) {
    CHECK(list_all(table, limit, {}, kStart) == expected);
  }
  CHECK(list_all(table, 100, {}, kStart + kTtl).empty());
}

TEST_CASE("a list shows only what its filter lets through") {
  AffinityTable table(10'000);
  for (int i = 0; i < 300; ++i) {
    visit(table, key_of(i), pin_to(i % 3 == 0 ? 5U : 6U), kStart);
  }
  visit(table, Key::make(KeyKind::Path, "room"), pin_to(5), kStart);
  CHECK(list_all(table, 10, {.backend = 5U, .kind = std::nullopt}, kStart).size() == 101);
  CHECK(list_all(table, 10, {.backend = 5U, .kind = KeyKind::Path}, kStart).size() == 1);
  CHECK(list_all(table, 10, {.backend = 9U, .kind = std::nullopt}, kStart).empty());
}

TEST_CASE("a page with a rare filter ends after a bounded look and goes on from there") {
  AffinityTable table(100'000);
  for (int i = 0; i < 50'000; ++i) {
    visit(table, key_of(i), pin_to(1), kStart);
  }
  const AffinityTable::Page page = table.list(0, 100, {.backend = 9U, .kind = std::nullopt}, kStart);
  CHECK(page.entries.empty());
  CHECK(page.next != 0);
}

TEST_CASE("a cursor that nobody was given lists nothing wrong") {
  AffinityTable table(100'000);
  visit(table, key_of(1), pin_to(1), kStart);
  for (const std::uint64_t cursor : {~0ULL, 1ULL << 63U, 0xffffffffULL, (3ULL << 32U) + 5}) {
    CHECK(table.list(cursor, 10, {}, kStart).entries.size() <= 1);
  }
}

TEST_CASE("reasons have the words of the admin endpoint") {
  CHECK(word(PinReason::Balance) == "balance");
  CHECK(word(PinReason::Hash) == "hash");
  CHECK(word(PinReason::Overflow) == "overflow");
  CHECK(word(PinReason::Failover) == "failover");
  CHECK(word(PinReason::Moved) == "moved");
}

TEST_CASE("a claim is lost to a pin that the decision did not see") {
  AffinityTable table(100);
  const Key key = Key::make(KeyKind::Header, "u0");
  const Instant now{Duration(1000)};
  const auto claim = [&](backends::BackendId backend, backends::BackendId seen) {
    Pin pin;
    pin.backend = backend;
    return table.claim_session(1, key, pin, seen, minutes(1), now);
  };
  CHECK(claim(1, 0));
  CHECK_FALSE(claim(2, 0));  // decided at the same moment as the first
  CHECK(claim(1, 0));        // the same choice is no conflict
  CHECK(claim(2, 1));        // a failover that saw the first pin
  CHECK_FALSE(claim(3, 1));  // a second failover decided at the same moment
  CHECK(table.find(1, key, now)->backend == 2);
  CHECK(table.list(0, 10, {}, now).entries.at(0).sessions == 3);
}

}  // namespace
}  // namespace limpet::affinity
