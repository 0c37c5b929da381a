// What a forecast says, against what decide() does when it is really done.
#include "affinity/forecast.h"

#include <map>

#include "tests/affinity/pool_fixture.h"
#include "tests/support/catch.h"

using namespace limpet;
using namespace limpet::affinity;

namespace {

using Counts = std::map<std::pair<std::string, std::string>, std::uint64_t>;

Key user(int number) {
  return Key::make(KeyKind::Header, "user-" + std::to_string(number));
}

// A pool whose clients come, and come back.
struct Town {
  PoolView pool;
  AffinityTable table{100'000};
  Instant now{Duration(1'000'000)};
  http::RequestHead head;
  bool stays = true;  // each client has a live session

  Town(settings::Balance balance, std::uint32_t backends, double load_factor = 0) {
    pool.id = 1;
    pool.name = "default";
    pool.rule.by = settings::AffinityBy::Header;
    pool.rule.by_name = "x-user";
    pool.rule.balance = balance;
    pool.rule.load_factor = load_factor;
    pool.backends = backends::BackendSet(make_backends(backends));
  }

  // Where the client is from now on; empty when nobody takes it.
  std::string comes(int number) {
    const Key key = user(number);
    const Request request{.client = {.address = {}, .request = head}, .now = now, .wall_now = {}};
    const Decision decision =
        decide(pool, {.key = key, .cookie_backend = {}, .cookie_fault = {}}, request, table, {});
    if (decision.backend == nullptr) {
      return {};
    }
    table.open_session(pool.id, key, {.backend = decision.backend->id, .reason = decision.reason},
                       std::chrono::hours(1), now);
    if (stays) {
      decision.backend->state->sessions.fetch_add(1);
    } else {
      table.close_session(pool.id, key, now);
    }
    return decision.backend->spec.name;
  }
  void leaves(int number) {
    const auto pin = table.find(pool.id, user(number), now);
    pool.backends.by_id(pin->backend)->state->sessions.fetch_sub(1);
    table.close_session(pool.id, user(number), now, Ending::SentAway);
  }
  [[nodiscard]] std::map<int, std::string> homes(int clients) {
    std::map<int, std::string> homes;
    for (int i = 0; i < clients; ++i) {
      const auto pin = table.find(pool.id, user(i), now);
      homes[i] = pin ? pool.backends.by_id(pin->backend)->spec.name : std::string();
    }
    return homes;
  }
  void take_out(const std::string& name) {
    std::vector<backends::Backend> left;
    for (const backends::Backend& backend : pool.backends.all()) {
      if (backend.spec.name != name) {
        left.push_back(backend);
      }
    }
    pool.backends = backends::BackendSet(left);
  }
  void put_in(const std::string& name, std::uint32_t weight) {
    const auto all = pool.backends.all();
    std::vector<backends::Backend> more(all.begin(), all.end());
    more.push_back(make_backend(1000, name, weight));
    pool.backends = backends::BackendSet(more);
  }
  [[nodiscard]] Forecast forecast(PoolChange change) {
    Forecast forecast(pool, std::move(change));
    while (!forecast.step(table, now)) {
    }
    return forecast;
  }
};

Counts counts(const Forecast& forecast) {
  Counts counts;
  for (const Forecast::Move& move : forecast.moves()) {
    counts[{move.from, move.to}] = move.keys;
  }
  return counts;
}

constexpr int kClients = 3000;

}  // namespace

TEST_CASE("who moves when a backend goes is told as it then happens, by hash") {
  Town town(settings::Balance::Hash, 5);
  for (int i = 0; i < kClients; ++i) {
    town.comes(i);
  }
  const auto before = town.homes(kClients);
  const Forecast forecast = town.forecast({.without = "b2"});
  CHECK(forecast.keys() == kClients);
  CHECK(forecast.sessions() == kClients);

  Counts happened;
  town.take_out("b2");
  for (const auto& [number, home] : before) {
    const std::string to = town.comes(number);
    if (home == "b2") {
      ++happened[{home, to}];
    } else {
      REQUIRE(to == home);
    }
  }
  CHECK(happened.size() == 4);
  CHECK(counts(forecast) == happened);
}

TEST_CASE("who moves when a backend goes is told nearly as it happens where loads decide") {
  const auto balance = GENERATE(settings::Balance::LeastSessions, settings::Balance::Hash);
  Town town(balance, 4, 1.25);
  for (int i = 0; i < kClients; ++i) {
    town.comes(i);
  }
  const auto before = town.homes(kClients);
  const Counts told = counts(town.forecast({.without = "b4"}));
  Counts happened;
  town.take_out("b4");
  for (const auto& [number, home] : before) {
    if (home == "b4") {
      ++happened[{home, town.comes(number)}];
    }
  }
  REQUIRE(happened.size() == 3);
  for (const auto& [way, count] : happened) {
    const auto found = told.find(way);
    REQUIRE(found != told.end());
    const double share = static_cast<double>(found->second) / static_cast<double>(count);
    CHECK(share > 0.95);
    CHECK(share < 1.05);
  }
}

TEST_CASE("a newcomer gets by hash whom the forecast said, once pins have gone, and nobody before") {
  Town town(settings::Balance::Hash, 4);
  town.stays = false;
  for (int i = 0; i < kClients; ++i) {
    town.comes(i);
  }
  const auto before = town.homes(kClients);
  const Forecast forecast = town.forecast({.with = "b5", .weight = 2});
  for (const Forecast::Move& move : forecast.moves()) {
    CHECK_FALSE(move.at_once);
    CHECK(move.to == "b5");
  }
  town.put_in("b5", 2);
  for (const auto& [number, home] : before) {
    REQUIRE(town.comes(number) == home);  // pins hold
  }
  Counts happened;
  for (const auto& [number, home] : before) {
    town.table.forget(town.pool.id, user(number));
    if (const std::string to = town.comes(number); to != home) {
      ++happened[{home, to}];
    }
  }
  CHECK(happened.size() == 4);
  CHECK(counts(forecast) == happened);
}

TEST_CASE("a newcomer gets its share by load, once each client has come back") {
  Town town(settings::Balance::LeastSessions, 3);
  for (int i = 0; i < kClients; ++i) {
    town.comes(i);
  }
  const auto before = town.homes(kClients);
  std::uint64_t told = 0;
  for (const Forecast::Move& move : town.forecast({.with = "b4"}).moves()) {
    told += move.keys;
  }
  town.put_in("b4", 1);
  std::uint64_t happened = 0;
  for (const auto& [number, home] : before) {
    town.leaves(number);
    town.table.forget(town.pool.id, user(number));
    happened += town.comes(number) == "b4" ? 1U : 0U;
  }
  CHECK(told > kClients / 5);
  CHECK(told < kClients / 3);
  CHECK(static_cast<double>(told) / static_cast<double>(happened) > 0.95);
  CHECK(static_cast<double>(told) / static_cast<double>(happened) < 1.05);
}

TEST_CASE("where nobody is left, nobody takes them") {
  Town town(settings::Balance::Hash, 2);
  for (int i = 0; i < 100; ++i) {
    town.comes(i);
  }
  town.pool.backends.by_name("b1")->state->health = backends::Health::Down;
  const auto forecast = town.forecast({.without = "b2"});
  REQUIRE(forecast.moves().size() == 1);
  CHECK(forecast.moves()[0].from == "b2");
  CHECK(forecast.moves()[0].to.empty());
}

TEST_CASE("a forecast changes nothing: no pin, no load, and other pools do not count") {
  Town town(settings::Balance::LeastSessions, 3);
  for (int i = 0; i < 300; ++i) {
    town.comes(i);
  }
  town.table.set_by_hand(2, user(1), 1, std::chrono::hours(1), town.now);
  const auto before = town.homes(300);
  const std::uint64_t changes = town.table.changes();
  const Forecast forecast = town.forecast({.without = "b1", .with = "b9"});
  CHECK(forecast.keys() == 300);
  CHECK(town.table.changes() == changes);
  CHECK(town.homes(300) == before);
  for (const backends::Backend& backend : town.pool.backends.all()) {
    CHECK(backend.state->load() == 100);
  }
}

TEST_CASE("an operator's word outlives a newcomer, and follows only when its backend goes") {
  Town town(settings::Balance::Hash, 2);
  for (int i = 0; i < 200; ++i) {
    town.table.set_by_hand(1, user(i), 1, std::chrono::hours(1), town.now);
  }
  CHECK(town.forecast({.with = "b3", .weight = 1000}).moves().empty());
  REQUIRE(town.forecast({.without = "b1"}).moves().size() == 1);
  CHECK(town.forecast({.without = "b1"}).moves()[0].keys == 200);
}

TEST_CASE("a step looks at a bounded number of pins, fewer where there are many backends") {
  const std::uint32_t backends = GENERATE(3U, 1000U);
  Town town(settings::Balance::Hash, backends);
  town.stays = false;
  for (int i = 0; i < 2000; ++i) {
    town.comes(i);
  }
  Forecast forecast(town.pool, {.without = "b1"});
  std::uint64_t before = 0;
  std::size_t steps = 0;
  for (bool is_done = false; !is_done; ++steps) {
    is_done = forecast.step(town.table, town.now);
    CHECK(forecast.keys() - before <= (backends > 100 ? 100U : 1000U));
    before = forecast.keys();
  }
  CHECK(forecast.keys() == 2000);
  CHECK(steps >= (backends > 100 ? 20U : 2U));
}

// How long the steps are: [measure]. A million pins, pools of three and of a thousand.
TEST_CASE("the steps of a forecast over a million pins", "[.][measure]") {
  const std::uint32_t backends = GENERATE(3U, 1000U);
  Town town(settings::Balance::Hash, backends, 1.25);
  AffinityTable table(1'500'000);
  for (int i = 0; i < 1'000'000; ++i) {
    const auto id = static_cast<backends::BackendId>(1 + static_cast<std::uint32_t>(i) % backends);
    table.open_session(1, user(i), {.backend = id}, std::chrono::hours(1), town.now);
    table.close_session(1, user(i), town.now);
  }
  Forecast forecast(town.pool, {.without = "b1", .with = "newcomer"});
  using SteadyClock = std::chrono::steady_clock;
  std::chrono::duration<double, std::milli> longest{};
  std::chrono::duration<double, std::milli> sum{};
  std::size_t steps = 0;
  for (bool is_done = false; !is_done; ++steps) {
    const auto began = SteadyClock::now();
    is_done = forecast.step(table, town.now);
    const std::chrono::duration<double, std::milli> took = SteadyClock::now() - began;
    longest = std::max(longest, took);
    sum += took;
  }
  WARN(backends << " backends: " << steps << " steps, " << sum.count() / static_cast<double>(steps)
                << " ms each, the longest " << longest.count() << " ms");
  CHECK(forecast.keys() == 1'000'000);
}
