// What a choice of a backend costs, and what a pin weighs. Prints one line a measurement; build it optimised.
#include <malloc.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "affinity/balance.h"
#include "affinity/decide.h"
#include "affinity/table.h"
#include "affinity/walk.h"
#include "base/random.h"

namespace limpet::affinity {
namespace {

constexpr Duration kTtl = std::chrono::hours(1);
const Instant kNow{std::chrono::hours(1)};

backends::BackendSet make_set(std::uint32_t count, std::uint32_t most_weight) {
  std::vector<backends::Backend> backends(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    backends::Backend& backend = backends[i];
    backend.id = i + 1;
    backend.spec.name = "backend-" + std::to_string(i);
    backend.spec.weight = 1 + i % most_weight;
    backend.name_hash = hash_name(backend.spec.name);
    backend.address = SocketAddress(IpAddress::from_v4({127, 0, 0, 1}), 3000);
    backend.state = std::make_shared<backends::BackendState>();
    backend.state->sessions = 10 * backend.spec.weight;
  }
  return backends::BackendSet(std::move(backends));
}

// Nanoseconds a call; the sum keeps the calls from being optimised away.
template <typename Call>
double time_calls(int calls, Call call) {
  Random random(1);
  std::uint64_t sum = 0;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < calls; ++i) {
    sum += call(random.next());
  }
  const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - start;
  return spent.count() / calls + (sum == 1 ? 1e-9 : 0);
}

void report(const char* what, std::uint32_t backends, double nanoseconds) {
  std::printf("%-34s %5u backends  %8.0f ns\n", what, backends, nanoseconds);
}

void measure_picks(std::uint32_t count) {
  constexpr int kWorkload = 10'000'000;
  const int calls = kWorkload / static_cast<int>(count);
  for (const std::uint32_t most_weight : {1U, 10U}) {
    const backends::BackendSet set = make_set(count, most_weight);
    report(most_weight == 1 ? "walk, equal weights" : "walk, weights 1..10", count,
           time_calls(calls, [&](std::uint64_t key) { return Walk(set, key).next()->id; }));
    report(
        "  balance_by_hash, load bound 1.25", count, time_calls(calls, [&](std::uint64_t key) {
          return balance_by_hash({.set = set, .key_hash = key, .load_factor = 1.25, .tried = {}}).backend->id;
        }));
    report(
        "  balance_by_load, all equal", count, time_calls(calls, [&](std::uint64_t key) {
          return balance_by_load({.set = set, .key_hash = key, .load_factor = 1.25, .tried = {}}).backend->id;
        }));
  }
}

// The worst case of a choice: everybody but one is down.
void measure_lone_survivor(std::uint32_t count) {
  const backends::BackendSet set = make_set(count, 1);
  for (const backends::Backend& backend : set.all()) {
    backend.state->health = backend.id == 1 ? backends::Health::Up : backends::Health::Down;
  }
  constexpr int kCalls = 10'000;
  report(
      "balance_by_hash, all but one down", count, time_calls(kCalls, [&](std::uint64_t key) {
        return balance_by_hash({.set = set, .key_hash = key, .load_factor = 1.25, .tried = {}}).backend->id;
      }));
}

std::size_t heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

void measure_table(const char* what, KeyKind kind, const std::string& prefix) {
  constexpr int kEntries = 1'000'000;
  std::vector<Key> keys;
  keys.reserve(kEntries);
  for (int i = 0; i < kEntries; ++i) {
    keys.push_back(Key::make(kind, prefix + std::to_string(kEntries + i)));
  }
  const std::size_t before = heap_bytes();
  AffinityTable table(kEntries + kEntries / 10);
  std::size_t next = 0;
  const double open = time_calls(kEntries, [&](std::uint64_t) {
    table.open_session(1, keys[next++], {.backend = 1}, kTtl, kNow);
    return 1U;
  });
  const std::size_t bytes = heap_bytes() - before;
  const double find = time_calls(kEntries, [&](std::uint64_t random) {
    return table.find(1, keys[random % keys.size()], kNow)->backend;
  });
  const double close = time_calls(kEntries, [&](std::uint64_t random) {
    table.close_session(1, keys[random % keys.size()], kNow);
    return 1U;
  });
  std::printf("%-34s %zu entries: %.1f bytes an entry; open %.0f ns, find %.0f ns, close %.0f ns\n", what,
              table.size(), static_cast<double>(bytes) / static_cast<double>(table.size()), open, find,
              close);
}

void measure_cookie() {
  crypto::Key key{};
  key.fill(1);
  const CookieCodec codec({key});
  const WallTime now{std::chrono::hours(1)};
  const std::string value =
      codec.encode({.key_text = "0123456789abcdef", .backend_name_hash = 1, .issued = now}, "default");
  constexpr int kCalls = 200'000;
  const double open = time_calls(kCalls, [&](std::uint64_t) {
    return codec.decode(value, "default", now, std::nullopt)->backend_name_hash;
  });
  std::printf("%-34s %.0f ns\n", "reading a cookie", open);
}

}  // namespace
}  // namespace limpet::affinity

int main() {
  for (const std::uint32_t count : {10U, 100U, 1000U}) {
    limpet::affinity::measure_picks(count);
  }
  limpet::affinity::measure_lone_survivor(1000);
  limpet::affinity::measure_cookie();
  limpet::affinity::measure_table("table, addresses", limpet::affinity::KeyKind::ClientIp, "10.0.0.");
  limpet::affinity::measure_table("table, texts of 48 bytes", limpet::affinity::KeyKind::Header,
                                  "a-longer-text-of-a-header-that-is-a-key-1");
}
