#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "affinity/table.h"
#include "base/random.h"
#include "tests/support/catch.h"

namespace limpet::affinity {
namespace {

constexpr Duration kTtl = std::chrono::minutes(10);
const Instant kStart{std::chrono::hours(100)};

Key key_of(std::uint64_t i) {
  return Key::make(KeyKind::ClientIp, "client-" + std::to_string(i));
}

void use_at_random(AffinityTable& table, std::uint64_t seed, int steps) {
  Random random(seed);
  for (int step = 0; step < steps; ++step) {
    const Key key = key_of(random.below(2000));
    const Pin pin{.backend = static_cast<backends::BackendId>(1 + random.below(5))};
    table.open_session(1, key, pin, kTtl, kStart);
    static_cast<void>(table.find(1, key, kStart));
    table.close_session(1, key, kStart);
    if (random.below(50) == 0) {
      table.forget(1, key);
      table.set_by_hand(1, key_of(random.below(2000)), 3, kTtl, kStart);
    }
  }
}

TEST_CASE("workers, lists and expiry at once leave a table that adds up") {
  AffinityTable table(1500);  // fewer than there are keys: evictions take part
  std::atomic<bool> done{false};
  std::thread lister([&] {
    std::uint64_t cursor = 0;
    while (!done.load()) {
      cursor = table.list(cursor, 50, {}, kStart).next;
      static_cast<void>(table.find_text(key_of(7).text, kStart));
      static_cast<void>(table.size());
      table.expire(kStart);
    }
  });
  std::vector<std::thread> workers;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    workers.emplace_back([&table, seed] { use_at_random(table, seed, 5000); });
  }
  for (std::thread& worker : workers) {
    worker.join();
  }
  done = true;
  lister.join();

  CHECK(table.size() <= 1500);
  std::size_t listed = 0;
  std::uint64_t cursor = 0;
  do {
    const AffinityTable::Page page = table.list(cursor, 100, {}, kStart);
    listed += page.entries.size();
    cursor = page.next;
  } while (cursor != 0);
  CHECK(listed == table.size());
  std::size_t expired = 0;
  for (int call = 0; call < 10; ++call) {
    expired += table.expire(kStart + kTtl);
  }
  CHECK(expired == listed);
}

TEST_CASE("sessions that several threads open and close are counted exactly") {
  AffinityTable table(100);
  const Key key = key_of(1);
  table.open_session(1, key, {.backend = 1}, kTtl, kStart);
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      for (int step = 0; step < 5000; ++step) {
        table.open_session(1, key, {.backend = 1}, kTtl, kStart);
        table.close_session(1, key, kStart);
      }
    });
  }
  for (std::thread& worker : workers) {
    worker.join();
  }
  CHECK(table.find_text(key.text, kStart).front().sessions == 1);
}

}  // namespace
}  // namespace limpet::affinity
