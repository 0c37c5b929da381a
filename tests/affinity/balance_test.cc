#include "affinity/balance.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <string>
#include <thread>

#include "affinity/load_bound.h"
#include "affinity/walk.h"
#include "base/random.h"
#include "tests/affinity/pool_fixture.h"
#include "tests/support/catch.h"

namespace limpet::affinity {
namespace {

using backends::Backend;
using backends::BackendSet;

NewClient client_of(const BackendSet& set, std::uint64_t key_hash, double load_factor) {
  return {.set = set, .key_hash = key_hash, .load_factor = load_factor, .tried = {}};
}

void set_load(const Backend* backend, std::uint32_t sessions) {
  backend->state->sessions = sessions;
}

std::uint32_t total_load(const BackendSet& set) {
  std::uint32_t total = 0;
  for (const Backend& backend : set.all()) {
    total += backend.state->load();
  }
  return total;
}

TEST_CASE("the bound is the factor times the fair share, rounded up") {
  std::vector<Backend> backends = make_backends(4);
  backends[3].spec.weight = 5;
  const BackendSet set(std::move(backends));
  set_load(&set[0], 30);
  set_load(&set[3], 1);
  const LoadBound bound(set, 1.25);
  CHECK(bound.of(set[0]) == 5.0);   // 1.25 * 32 * 1 / 8
  CHECK(bound.of(set[3]) == 25.0);  // 1.25 * 32 * 5 / 8
  CHECK_FALSE(bound.has_room(set[0]));
  CHECK(bound.has_room(set[1]));
  set_load(&set[1], 4);
  CHECK(LoadBound(set, 1.25).has_room(set[1]));
}

TEST_CASE("backends that take no new clients count neither as load nor as weight") {
  const BackendSet set(make_backends(3));
  set_load(&set[0], 90);
  set_load(&set[1], 9);
  set[0].state->mode = backends::Mode::Draining;
  const LoadBound bound(set, 1.0);
  CHECK(bound.of(set[1]) == 5.0);
}

TEST_CASE("an empty pool has room everywhere, and a factor of 0 is no bound") {
  const BackendSet set(make_backends(3));
  CHECK(LoadBound(set, 1.0).has_room(set[0]));
  set_load(&set[0], 1'000'000);
  CHECK(LoadBound(set, 0).has_room(set[0]));
  CHECK_FALSE(LoadBound(set, 1.25).has_room(set[0]));
}

// Nine of ten clients share one key each with many others, as behind a few large NATs.
TEST_CASE("no backend exceeds its bound although a few keys bring most of the clients") {
  constexpr double kFactor = 1.25;
  constexpr std::uint32_t kClients = 20'000;
  std::vector<Backend> backends = make_backends(10);
  backends[4].spec.weight = 3;
  const BackendSet set(std::move(backends));
  Random random(99);
  std::uint32_t overflows = 0;
  for (std::uint32_t i = 0; i < kClients; ++i) {
    const std::uint64_t key_hash = random.below(10) == 0 ? random.next() : random.below(3);
    const Choice choice = balance_by_hash(client_of(set, key_hash, kFactor));
    REQUIRE(choice.backend != nullptr);
    const LoadBound bound(set, kFactor);
    REQUIRE(bound.has_room(*choice.backend));
    overflows += choice.reason == PinReason::Overflow ? 1U : 0U;
    ++choice.backend->state->sessions;
  }
  CHECK(overflows > 0);
  for (const Backend& backend : set.all()) {
    const double fair = static_cast<double>(kClients) * backend.spec.weight / 12.0;
    CAPTURE(backend.spec.name);
    CHECK(backend.state->load() <= std::ceil(kFactor * fair));
  }
  CHECK(total_load(set) == kClients);
}

TEST_CASE(
    "hash balance takes the first of the walk, and says overflow only when the bound made it pass one over") {
  const BackendSet set(make_backends(5));
  Walk walk(set, 7);
  const Backend* const first = walk.next();
  const Backend* const second = walk.next();
  const Backend* const third = walk.next();
  Choice choice = balance_by_hash(client_of(set, 7, 1.25));
  CHECK(choice.backend == first);
  CHECK(choice.reason == PinReason::Hash);

  set_load(first, 100);
  choice = balance_by_hash(client_of(set, 7, 1.25));
  CHECK(choice.backend == second);
  CHECK(choice.reason == PinReason::Overflow);
  CHECK(balance_by_hash(client_of(set, 7, 0)).backend == first);

  second->state->health = backends::Health::Down;
  CHECK(balance_by_hash(client_of(set, 7, 1.25)).backend == third);

  set_load(first, 0);
  first->state->health = backends::Health::Down;
  choice = balance_by_hash(client_of(set, 7, 1.25));
  CHECK(choice.backend == third);
  CHECK(choice.reason == PinReason::Hash);
}

TEST_CASE("hash balance takes the first that is eligible when all that are left are at their bound") {
  const BackendSet set(make_backends(3));
  Walk walk(set, 7);
  const Backend* const first = walk.next();
  const Backend* const second = walk.next();
  set_load(first, 50);
  set_load(second, 50);
  const backends::BackendId tried[] = {walk.next()->id};  // the only one with room
  NewClient client = client_of(set, 7, 1.25);
  client.tried = tried;
  const Choice choice = balance_by_hash(client);
  CHECK(choice.backend == first);
  CHECK(choice.reason == PinReason::Hash);
}

TEST_CASE("load balance takes the backend with the smallest load for its weight") {
  std::vector<Backend> backends = make_backends(3);
  backends[1].spec.weight = 10;
  const BackendSet set(std::move(backends));
  set_load(&set[0], 2);
  set_load(&set[1], 19);  // 1.9 a unit of weight
  set_load(&set[2], 3);
  CHECK(balance_by_load(client_of(set, 7, 1.25)).backend == &set[1]);
  set_load(&set[1], 21);
  CHECK(balance_by_load(client_of(set, 7, 1.25)).backend == &set[0]);
  set[0].state->exchanges = 5;
  CHECK(balance_by_load(client_of(set, 7, 1.25)).backend == &set[1]);
}

TEST_CASE(
    "load balance leaves ties to the walk: idle backends are spread, and one key always gets the same") {
  const BackendSet set(make_backends(4));
  std::map<std::string, int> counts;
  for (std::uint64_t key_hash = 0; key_hash < 4000; ++key_hash) {
    const Choice choice = balance_by_load(client_of(set, key_hash, 0));
    REQUIRE(choice.backend == Walk(set, key_hash).next());
    ++counts[choice.backend->spec.name];
  }
  CHECK(counts.size() == 4);
}

TEST_CASE("load balance keeps the loads of equal backends within one of each other") {
  const BackendSet set(make_backends(7));
  Random random(5);
  for (int i = 0; i < 700; ++i) {
    ++balance_by_load(client_of(set, random.next(), 0)).backend->state->sessions;
  }
  for (const Backend& backend : set.all()) {
    CHECK(backend.state->load() == 100);
  }
}

TEST_CASE("neither policy chooses a backend that is ineligible or tried, and both answer none for nobody") {
  const BackendSet set(make_backends(3));
  set[0].state->mode = backends::Mode::Draining;
  set[1].state->health = backends::Health::Down;
  const backends::BackendId tried[] = {3};
  for (std::uint64_t key_hash = 0; key_hash < 50; ++key_hash) {
    NewClient client = client_of(set, key_hash, 1.25);
    CHECK(balance_by_hash(client).backend == &set[2]);
    CHECK(balance_by_load(client).backend == &set[2]);
    client.tried = tried;
    CHECK(balance_by_hash(client).backend == nullptr);
    CHECK(balance_by_load(client).backend == nullptr);
  }
  const BackendSet nobody;
  CHECK(balance_by_hash(client_of(nobody, 1, 1.25)).backend == nullptr);
  CHECK(balance_by_load(client_of(nobody, 1, 1.25)).backend == nullptr);
}

// Every backend in some state or other, by a coin.
void shuffle_states(std::vector<Backend>& backends, Random& random) {
  for (Backend& backend : backends) {
    backend.spec.weight = 1 + static_cast<std::uint32_t>(random.below(4));
    backend.spec.max_sessions = static_cast<std::uint32_t>(random.below(3) * 6);
    backend.state->sessions = static_cast<std::uint32_t>(random.below(10));
    backend.state->health = random.below(4) == 0 ? backends::Health::Down : backends::Health::Unknown;
    backend.state->mode = random.below(6) == 0 ? backends::Mode::Draining : backends::Mode::Enabled;
    if (random.below(8) == 0) {
      backend.address.reset();
    }
  }
}

// Both policies once more, by their definitions alone.
Choice plain_by_hash(const NewClient& client) {
  const LoadBound bound(client.set, client.load_factor);
  Walk walk(client.set, client.key_hash);
  const Backend* first = nullptr;
  while (const Backend* const backend = walk.next()) {
    if (!why_refused(*backend, backends::Visitor::New, client.tried).empty()) {
      continue;
    }
    first = first == nullptr ? backend : first;
    if (bound.has_room(*backend)) {
      return {.backend = backend, .reason = backend == first ? PinReason::Hash : PinReason::Overflow};
    }
  }
  return {.backend = first, .reason = PinReason::Hash};
}

const Backend* plain_by_load(const NewClient& client) {
  const auto relative = [](const Backend& backend) {
    return static_cast<double>(backend.state->load()) / backend.spec.weight;
  };
  Walk walk(client.set, client.key_hash);
  const Backend* least = nullptr;
  while (const Backend* const backend = walk.next()) {
    const bool takes = why_refused(*backend, backends::Visitor::New, client.tried).empty();
    if (takes && (least == nullptr || relative(*backend) < relative(*least))) {
      least = backend;
    }
  }
  return least;
}

TEST_CASE("both policies choose what their definitions say, in pools of every size and state") {
  Random random(11);
  for (const std::uint32_t count : {1U, 2U, 7U, 40U, 200U}) {
    for (int round = 0; round < 60; ++round) {
      std::vector<Backend> backends = make_backends(count);
      shuffle_states(backends, random);
      const BackendSet set(std::move(backends));
      NewClient client = client_of(set, random.next(), round % 3 == 0 ? 1.0 : 1.25);
      const backends::BackendId tried[] = {1, 2};
      client.tried = std::span(tried, static_cast<std::size_t>(round % 3));
      CAPTURE(count, round);
      const Choice expected = plain_by_hash(client);
      const Choice choice = balance_by_hash(client);
      REQUIRE(choice.backend == expected.backend);
      REQUIRE(choice.reason == expected.reason);
      REQUIRE(balance_by_load(client).backend == plain_by_load(client));
    }
  }
}

// More than a choice keeps on its stack.
TEST_CASE("a pool of 5000 backends is searched to its end") {
  const BackendSet set(make_backends(5000));
  for (const Backend& backend : set.all()) {
    backend.state->health = backends::Health::Down;
  }
  CHECK(balance_by_hash(client_of(set, 1, 1.25)).backend == nullptr);
  CHECK(balance_by_load(client_of(set, 1, 1.25)).backend == nullptr);
  set[4999].state->health = backends::Health::Up;
  CHECK(balance_by_hash(client_of(set, 1, 1.25)).backend == &set[4999]);
  CHECK(balance_by_load(client_of(set, 1, 1.25)).backend == &set[4999]);
}

// Loads beyond what a choice keeps may change between its two looks at them.
TEST_CASE("of 5000 backends the one that takes clients is chosen while its load moves") {
  const BackendSet set(make_backends(5000));
  for (const Backend& backend : set.all()) {
    backend.state->health = backends::Health::Down;
  }
  backends::BackendState& only = *set[4999].state;
  only.health = backends::Health::Up;
  std::atomic<bool> done{false};
  std::thread mover([&] {
    while (!done) {
      only.sessions = (only.sessions + 1) % 1000;
    }
  });
  int missed = 0;
  for (int i = 0; i < 2000; ++i) {
    missed += balance_by_load(client_of(set, 1, 1.25)).backend == &set[4999] ? 0 : 1;
  }
  done = true;
  mover.join();
  CHECK(missed == 0);
}

}  // namespace
}  // namespace limpet::affinity
