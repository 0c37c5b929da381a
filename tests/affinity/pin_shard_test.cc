#include "affinity/pin_shard.h"

#include <map>
#include <string>

#include "base/random.h"
#include "tests/support/catch.h"

namespace limpet::affinity {
namespace {

const Instant kNow{std::chrono::hours(1)};

Key key_of(int i) {
  return Key::make(KeyKind::Header, "key-" + std::to_string(i));
}

// A hash with few values: most entries share a slot with others.
PinShard::Name crowded(const Key& key, int i) {
  return {.hash = static_cast<PinIndex::Hash>(i % 37), .pool = 1, .key = key};
}

TEST_CASE("a shard under random inserts and erases agrees with a map, even where most hashes collide") {
  PinShard shard(10'000);
  std::map<int, PinShard::Number> expected;
  Random random(3);
  for (int step = 0; step < 20'000; ++step) {
    const int i = static_cast<int>(random.below(500));
    const Key key = key_of(i);
    const auto known = expected.find(i);
    const PinShard::Number number = shard.find(crowded(key, i));
    REQUIRE(number == (known != expected.end() ? known->second : PinShard::kNone));
    if (known == expected.end()) {
      expected[i] = shard.insert(crowded(key, i), kNow);
    } else if (random.below(2) == 0) {
      shard.erase(number);
      expected.erase(known);
    } else {
      shard.touch(number);
    }
    REQUIRE(shard.size() == expected.size());
  }
  CHECK(shard.slab_size() <= 500);
  CHECK(shard.evictions() == 0);
}

TEST_CASE("an entry that was freed leaves nothing to the one that takes its place") {
  PinShard shard(10);
  const Key key = key_of(1);
  PinShard::Entry& before = shard[shard.insert(crowded(key, 1), kNow)];
  before.by_hand = true;
  before.sessions = 3;
  before.backend = 7;
  const PinShard::Number number = shard.find(crowded(key, 1));
  shard.erase(number);
  CHECK_FALSE(shard[number].in_use);
  const Key other = Key::make(KeyKind::Header, std::string(60, 'x'));
  REQUIRE(shard.insert(crowded(other, 2), kNow) == number);
  CHECK_FALSE(shard[number].by_hand);
  CHECK(shard[number].sessions == 0);
  CHECK(shard[number].backend == 0);
  CHECK(shard[number].text.view() == other.text);
}

TEST_CASE("a full shard evicts the entry that was used least recently") {
  PinShard shard(3);
  for (int i = 0; i < 3; ++i) {
    const Key key = key_of(i);
    shard[shard.insert(crowded(key, i), kNow)].ttl = std::chrono::hours(1);
  }
  const Key first = key_of(0);
  const Key second = key_of(1);
  const Key fourth = key_of(3);
  shard.touch(shard.find(crowded(first, 0)));
  shard.insert(crowded(fourth, 3), kNow);
  CHECK(shard.size() == 3);
  CHECK(shard.evictions() == 1);
  CHECK(shard.find(crowded(first, 0)) != PinShard::kNone);
  CHECK(shard.find(crowded(second, 1)) == PinShard::kNone);
}

TEST_CASE("entries with live sessions are evicted last, but they do not stop the shard") {
  PinShard shard(3);
  for (int i = 0; i < 3; ++i) {
    const Key key = key_of(i);
    PinShard::Entry& entry = shard[shard.insert(crowded(key, i), kNow)];
    entry.ttl = std::chrono::hours(1);
    entry.sessions = i < 2 ? 1U : 0U;
  }
  const Key oldest = key_of(0);
  const Key idle = key_of(2);
  const Key next = key_of(3);
  shard[shard.insert(crowded(next, 3), kNow)].sessions = 1;
  CHECK(shard.find(crowded(idle, 2)) == PinShard::kNone);
  CHECK(shard.find(crowded(oldest, 0)) != PinShard::kNone);
  const Key last = key_of(4);
  shard.insert(crowded(last, 4), kNow);
  CHECK(shard.find(crowded(oldest, 0)) == PinShard::kNone);
  CHECK(shard.size() == 3);
}

TEST_CASE("the same text in another pool or of another kind is another entry") {
  PinShard shard(10);
  const Key header = Key::make(KeyKind::Header, "alice");
  const Key query = Key::make(KeyKind::Query, "alice");
  const PinShard::Number number = shard.insert({.hash = 5, .pool = 1, .key = header}, kNow);
  CHECK(shard.find({.hash = 5, .pool = 1, .key = header}) == number);
  CHECK(shard.find({.hash = 5, .pool = 2, .key = header}) == PinShard::kNone);
  CHECK(shard.find({.hash = 5, .pool = 1, .key = query}) == PinShard::kNone);
}

}  // namespace
}  // namespace limpet::affinity
