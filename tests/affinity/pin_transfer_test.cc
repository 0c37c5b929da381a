#include "affinity/pin_transfer.h"

#include <map>

#include "base/random.h"
#include "tests/affinity/pool_fixture.h"
#include "tests/support/catch.h"

namespace limpet::affinity {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Instant kStart{hours(100)};
const PinStamp kStamp{.wall = WallTime(seconds(1'700'000'000)), .since_boot = hours(100), .boot = "boot"};

PinStamp stamp_after(Duration time) {
  return {.wall = kStamp.wall + time, .since_boot = kStamp.since_boot + time, .boot = kStamp.boot};
}

PoolView pool_of(PoolId id, const std::string& name, std::vector<backends::Backend> backends) {
  PoolView pool;
  pool.id = id;
  pool.name = name;
  pool.backends = backends::BackendSet(std::move(backends));
  return pool;
}

// Another process: the same names, other numbers.
const std::vector<PoolView> kBefore{pool_of(1, "chat", make_backends(3)),
                                    pool_of(2, "game", make_backends(2))};
const std::vector<PoolView> kAfter{pool_of(8, "game", {make_backend(70, "b2"), make_backend(71, "b1")}),
                                   pool_of(9, "chat", {make_backend(72, "b3"), make_backend(73, "b1")})};

std::string dump(const AffinityTable& table, Instant now, std::optional<Instant> since = std::nullopt) {
  PinDump dump(table, kStamp, now, since);
  std::string bytes;
  while (!dump.done()) {
    bytes += dump.step(kBefore);
  }
  return bytes;
}

PinRestore::Counts restore(const std::string& bytes, AffinityTable& table, Instant now, Duration later) {
  PinRestore restore(table, kAfter, stamp_after(later), now);
  PinReader reader;
  reader.add(bytes);
  PinReader::Step step = reader.next();
  for (; step == PinReader::Step::Pin; step = reader.next()) {
    restore.take(reader);
  }
  CHECK(reader.problem() == "");
  CHECK(step == PinReader::Step::End);
  return restore.counts();
}

void visit(AffinityTable& table, PoolId pool, const Key& key, const Pin& pin, Duration ttl, Instant now) {
  table.open_session(pool, key, pin, ttl, now);
  table.close_session(pool, key, now);
}

TEST_CASE("a pin is the same in the next process, by the names of pool and backend") {
  AffinityTable before(100);
  const Key key = Key::make(KeyKind::ClientIp, "10.0.0.1");
  visit(before, 1, key, {.backend = 3, .reason = PinReason::Overflow}, hours(1), kStart);
  before.set_by_hand(2, key, 1, hours(2), kStart);

  AffinityTable after(100);
  const Instant now{hours(1)};  // of another machine's clock, even
  const auto counts = restore(dump(before, kStart + minutes(5)), after, now, minutes(10));
  CHECK(counts.restored == 2);
  const auto chat = after.find(9, key, now);
  REQUIRE(chat);
  CHECK(chat->backend == 72);
  CHECK(chat->reason == PinReason::Overflow);
  CHECK_FALSE(chat->by_hand);
  CHECK_FALSE(chat->mid_session);
  const auto game = after.find(8, key, now);
  REQUIRE(game);
  CHECK(game->backend == 71);
  CHECK(game->by_hand);
  // Seen 5 minutes before the dump, which is 10 minutes ago.
  CHECK(after.find(9, key, now + minutes(44)));
  CHECK_FALSE(after.find(9, key, now + minutes(45)));
  const auto views = after.find_text(key.text, now);
  REQUIRE(views.size() == 2);
  CHECK(views[0].created == now - minutes(15));
}

TEST_CASE("pins whose pool or backend is gone are dropped and counted") {
  AffinityTable before(100);
  visit(before, 1, Key::make(KeyKind::Query, "gone"), {.backend = 2}, hours(1), kStart);
  visit(before, 1, Key::make(KeyKind::Query, "here"), {.backend = 1}, hours(1), kStart);
  AffinityTable after(100);
  const auto counts = restore(dump(before, kStart), after, kStart, {});
  CHECK(counts.restored == 1);
  CHECK(counts.dropped == 1);
  CHECK(after.size() == 1);
}

TEST_CASE("a pin with a live session counts as seen when it was saved") {
  AffinityTable before(100);
  const Key key = Key::make(KeyKind::Header, "alice");
  before.open_session(1, key, {.backend = 1}, minutes(10), kStart);
  AffinityTable after(100);
  CHECK(restore(dump(before, kStart + hours(9)), after, kStart, minutes(9)).restored == 1);
  CHECK(after.find(9, key, kStart + seconds(59)));
  CHECK_FALSE(after.find(9, key, kStart + minutes(1)));
}

TEST_CASE("a pin that is live already is not replaced by an older one") {
  AffinityTable before(100);
  const Key key = Key::make(KeyKind::Header, "alice");
  visit(before, 1, key, {.backend = 1}, hours(1), kStart);
  const std::string bytes = dump(before, kStart);
  AffinityTable after(100);
  visit(after, 9, key, {.backend = 72}, hours(1), kStart);
  CHECK(restore(bytes, after, kStart, {}).expired == 1);
  CHECK(after.find(9, key, kStart)->backend == 72);
}

TEST_CASE(
    "a client in the middle of a session is so in the next process, for as long as it would have been") {
  AffinityTable before(100);
  const Key polls = Key::make(KeyKind::Header, "polls");
  const Key told = Key::make(KeyKind::Header, "told");
  visit(before, 1, polls, {.backend = 1}, hours(1), kStart);
  before.open_session(1, told, {.backend = 1}, hours(1), kStart);
  before.close_session(1, told, kStart, Ending::SentAway);
  AffinityTable after(100);
  CHECK(restore(dump(before, kStart + seconds(20)), after, kStart, seconds(1)).restored == 2);
  CHECK(after.find(9, polls, kStart + seconds(38))->mid_session);
  CHECK_FALSE(after.find(9, polls, kStart + seconds(40))->mid_session);
  CHECK_FALSE(after.find(9, told, kStart)->mid_session);
}

TEST_CASE("what the process before says later counts until this one has opened a session") {
  AffinityTable before(100);
  const Key key = Key::make(KeyKind::Header, "alice");
  before.open_session(1, key, {.backend = 1}, hours(1), kStart);
  AffinityTable after(100);
  restore(dump(before, kStart), after, kStart, {});
  CHECK(after.find(9, key, kStart)->mid_session);
  before.close_session(1, key, kStart + seconds(2), Ending::SentAway);
  CHECK(restore(dump(before, kStart + seconds(2)), after, kStart + seconds(2), {}).restored == 1);
  CHECK_FALSE(after.find(9, key, kStart + seconds(2))->mid_session);
  after.open_session(9, key, {.backend = 72}, hours(1), kStart + seconds(3));
  visit(before, 1, key, {.backend = 1}, hours(1), kStart + seconds(4));
  CHECK(restore(dump(before, kStart + seconds(5)), after, kStart + seconds(5), {}).expired == 1);
  CHECK(after.find(9, key, kStart + seconds(5))->backend == 72);
}

TEST_CASE("a dump of what is new has nothing else") {
  AffinityTable before(100);
  visit(before, 1, Key::make(KeyKind::Query, "old"), {.backend = 1}, hours(1), kStart);
  visit(before, 1, Key::make(KeyKind::Query, "new"), {.backend = 1}, hours(1), kStart + seconds(2));
  AffinityTable after(100);
  restore(dump(before, kStart + seconds(3), kStart + seconds(1)), after, kStart, {});
  CHECK(after.size() == 1);
  CHECK(after.find_text("new", kStart).size() == 1);
}

TEST_CASE("what is restored is what was saved without what has expired") {
  const std::uint64_t seed = GENERATE(take(20, random(std::uint64_t{0}, std::uint64_t{1} << 60U)));
  INFO("seed " << seed);
  Random random(seed);
  AffinityTable before(20'000);
  std::map<std::string, Instant> end_of;  // of the pins on backends that stay
  const auto count = static_cast<int>(random.below(6000));
  for (int i = 0; i < count; ++i) {
    const std::string text = "k" + std::to_string(random.below(10'000'000));
    const Duration ttl = minutes(1 + random.below(200));
    const Instant seen = kStart + seconds(random.below(3600));
    if (!end_of.try_emplace(text, seen + ttl).second) {
      continue;
    }
    visit(before, 1, Key::make(KeyKind::Query, text), {.backend = random.below(2) == 0 ? 1U : 3U}, ttl, seen);
  }
  const Instant saved = kStart + hours(1);
  const Duration pause = minutes(random.below(120));
  AffinityTable after(20'000);
  const auto counts = restore(dump(before, saved), after, kStart, pause);
  std::uint64_t live = 0;
  for (const auto& [text, end] : end_of) {
    const bool is_live = saved + pause < end;
    live += is_live ? 1U : 0U;
    CHECK(after.find_text(text, kStart).size() == (is_live ? 1U : 0U));
  }
  CHECK(counts.restored == live);
  CHECK(after.size() == live);
}

TEST_CASE("a change of the table is seen, expiry and looking are none") {
  AffinityTable table(100);
  const Key key = Key::make(KeyKind::Query, "k");
  std::uint64_t last = table.changes();
  const auto has_changed = [&] { return std::exchange(last, table.changes()) != last; };
  table.open_session(1, key, {.backend = 1}, seconds(1), kStart);
  CHECK(has_changed());
  table.close_session(1, key, kStart);
  CHECK(has_changed());
  CHECK(table.find(1, key, kStart));
  CHECK_FALSE(has_changed());
  CHECK(table.expire(kStart + hours(1)) == 1);
  CHECK_FALSE(table.forget(1, key));
  CHECK_FALSE(has_changed());
  table.set_by_hand(1, key, 2, seconds(1), kStart);
  CHECK(has_changed());
  CHECK(table.forget(1, key));
  CHECK(has_changed());
}

}  // namespace
}  // namespace limpet::affinity
