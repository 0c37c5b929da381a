// limpet_bench_pick: what a choice among up to 4000 backends costs, a whole decision, and a new set of them.
// Prints Markdown; ends with 1 when a bound is broken.
#include <chrono>
#include <cstdint>
#include <memory>
#include <new>
#include <string>

#include "affinity/balance.h"
#include "affinity/decide.h"
#include "app/pool_builder.h"
#include "base/random.h"
#include "bench/bounds.h"
#include "bench/pick_rig.h"

namespace {
std::uint64_t allocations = 0;
}  // namespace

void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* const place = std::malloc(bytes)) {
    return place;
  }
  throw std::bad_alloc();
}
void operator delete(void* place) noexcept {
  std::free(place);
}
void operator delete(void* place, std::size_t) noexcept {
  std::free(place);
}

namespace limpet::bench {
namespace {

using affinity::Choice;
using affinity::NewClient;

constexpr Instant kNow{std::chrono::hours(1)};
constexpr double kMostPickMicros = 5;
constexpr std::uint32_t kPromisedBackends = 1000;
constexpr double kMostPublishMicros = 1000;

// Microseconds a call, in the best of some rounds; the sum keeps the calls from being optimised away.
template <typename Call>
double time_calls(int calls, Call call) {
  constexpr int kRounds = 3;
  double best = 1e9;
  std::uint64_t sum = 0;
  for (int round = 0; round < kRounds; ++round) {
    Random random(1);
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < calls; ++i) {
      sum += call(random.next());
    }
    const std::chrono::duration<double, std::micro> spent = std::chrono::steady_clock::now() - start;
    best = std::min(best, spent.count() / calls);
  }
  return best + (sum == 1 ? 1e-9 : 0);
}

int calls_for(std::uint32_t backends) {
  constexpr int kWork = 4'000'000;
  return kWork / static_cast<int>(backends);
}

std::uint64_t id_of(const Choice& choice) {
  return choice.backend != nullptr ? choice.backend->id : 0;
}

void measure_picks(Bounds& bounds, std::uint32_t count) {
  const double bound = count <= kPromisedBackends ? kMostPickMicros : 0;
  const std::uint64_t before = allocations;
  std::uint64_t of_rig = 0;
  for (const Trouble& trouble : kTroubles) {
    const std::uint64_t start = allocations;
    const backends::BackendSet set = make_set(count, trouble);
    const std::string by_hash = std::to_string(count) + ", hash, " + trouble.what;
    const std::string by_load = std::to_string(count) + ", least_sessions, " + trouble.what;
    of_rig += allocations - start;
    const auto client = [&](std::uint64_t key) {
      return NewClient{.set = set, .key_hash = key, .load_factor = trouble.load_factor, .tried = {}};
    };
    const auto hash_micros = time_calls(
        calls_for(count), [&](std::uint64_t key) { return id_of(affinity::balance_by_hash(client(key))); });
    const auto load_micros = time_calls(
        calls_for(count), [&](std::uint64_t key) { return id_of(affinity::balance_by_load(client(key))); });
    const std::uint64_t picks_done = allocations;
    bounds.row(by_hash, hash_micros, "us", bound);
    bounds.row(by_load, load_micros, "us", bound);
    of_rig += allocations - picks_done;
  }
  bounds.row(std::to_string(count) + ", allocations in all these picks",
             static_cast<double>(allocations - before - of_rig), "", 0.5);
}

void measure_decisions(Bounds& bounds) {
  affinity::PoolView pool;
  pool.id = 1;
  pool.rule.by = settings::AffinityBy::Cookie;
  pool.backends = make_set(kPromisedBackends, kTroubles.front());
  affinity::AffinityTable table(100'000);
  const http::RequestHead head;
  affinity::Identity identity;
  identity.key = affinity::Key::make(affinity::KeyKind::Cookie, "0123456789abcdef");
  const auto decide = [&](std::uint64_t key) {
    identity.key->hash = key;
    const affinity::Request request{.client = {.address = {}, .request = head}, .now = kNow, .wall_now = {}};
    return std::uint64_t{affinity::decide(pool, identity, request, table, {}).backend->id};
  };
  const int calls = calls_for(kPromisedBackends);
  for (const auto balance : {settings::Balance::Hash, settings::Balance::LeastSessions}) {
    pool.rule.balance = balance;
    bounds.row(std::string("decision, new client, ") +
                   (balance == settings::Balance::Hash ? "hash" : "least_sessions"),
               time_calls(calls, decide), "us", kMostPickMicros);
  }
  identity.cookie_backend = pool.backends[kPromisedBackends / 2].name_hash;
  bounds.row("decision, known by cookie", time_calls(calls * 100, decide), "us", kMostPickMicros);
  identity.cookie_backend.reset();
  table.open_session(1, *identity.key, {.backend = kPromisedBackends / 2}, std::chrono::hours(1), kNow);
  bounds.row("decision, known by pin", time_calls(calls * 100, decide), "us", kMostPickMicros);
}

// Control builds a snapshot whenever a name resolves anew; a worker takes it and lets go of the one before,
// whose memory it frees when it is the last.
void measure_publishing(Bounds& bounds) {
  settings::Settings settings;
  settings.pools.resize(1);
  settings.pools[0].name = "default";
  settings.pools[0].affinity.by = settings::AffinityBy::ClientIp;
  settings.pools[0].backends.resize(kPromisedBackends);
  for (std::uint32_t i = 0; i < kPromisedBackends; ++i) {
    settings.pools[0].backends[i].name = "a-backend-with-a-name-" + std::to_string(i);
    settings.pools[0].backends[i].address = {
        .host = "backend-" + std::to_string(i) + ".example", .port = 3000, .path = {}};
  }
  app::PoolBuilder builder;
  double build = 1e9;
  double release = 1e9;
  for (int round = 0; round < 20; ++round) {
    const auto start = std::chrono::steady_clock::now();
    proxy::SnapshotPtr snapshot = builder.build(settings);
    const auto built = std::chrono::steady_clock::now();
    snapshot.reset();
    const auto released = std::chrono::steady_clock::now();
    build = std::min(build, std::chrono::duration<double, std::micro>(built - start).count());
    release = std::min(release, std::chrono::duration<double, std::micro>(released - built).count());
  }
  bounds.row("a snapshot of 1000: building (control)", build, "us", kMostPublishMicros);
  bounds.row("a snapshot of 1000: freeing (at worst a worker)", release, "us", kMostPublishMicros);
}

bool run() {
  Bounds bounds("choice of a backend");
  for (const std::uint32_t count : {10U, 100U, 1000U, 4000U}) {
    measure_picks(bounds, count);
  }
  measure_decisions(bounds);
  measure_publishing(bounds);
  return bounds.all_hold();
}

}  // namespace
}  // namespace limpet::bench

int main() {
  return limpet::bench::run() ? 0 : 1;
}
