// The affinity table as an operator sees and changes it.
#include "app/admin_pins.h"

#include <set>

#include "affinity/walk.h"
#include "tests/support/catch.h"

using namespace limpet;
using admin::KeyChoice;
using admin::Refusal;
using affinity::Key;
using affinity::KeyKind;
using settings::AffinityBy;

namespace {

backends::Backend make_backend(backends::BackendId id, const std::string& name) {
  return {.id = id,
          .spec = {.name = name, .endpoint = {"127.0.0.1", 1, {}}},
          .name_hash = affinity::hash_name(name),
          .address = SocketAddress(IpAddress::from_v4({127, 0, 0, 1}), 1),
          .state = std::make_shared<backends::BackendState>()};
}

// A table and pools; the first pool is "default" with b1 and b2.
struct Desk {
  proxy::Snapshot snapshot;
  affinity::AffinityTable table{10'000};
  Instant now{Duration(1'000'000)};
  WallTime wall_now{Duration(1'700'000'000'000)};

  explicit Desk(AffinityBy by, const std::string& by_name = {}) {
    add_pool("default", by, {make_backend(1, "b1"), make_backend(2, "b2")});
    rule().by_name = by_name;
  }
  void add_pool(const std::string& name, AffinityBy by, std::vector<backends::Backend> members) {
    affinity::PoolView pool;
    pool.id = static_cast<affinity::PoolId>(snapshot.pools.size() + 1);
    pool.name = name;
    pool.rule.by = by;
    pool.backends = backends::BackendSet(std::move(members));
    if (by == AffinityBy::Cookie) {
      pool.codec = std::make_shared<affinity::CookieCodec>(std::vector<crypto::Key>(1));
    }
    snapshot.pools.push_back(std::move(pool));
  }
  [[nodiscard]] settings::Affinity& rule() { return snapshot.pools.front().rule; }
  [[nodiscard]] app::PinContext context() {
    return {.snapshot = snapshot, .table = table, .now = now, .wall_now = wall_now};
  }
  void pin(KeyKind kind, const std::string& text, backends::BackendId backend, affinity::PoolId pool = 1) {
    table.open_session(pool, Key::make(kind, text), {.backend = backend}, std::chrono::hours(1), now);
    table.close_session(pool, Key::make(kind, text), now);
  }
};

template <typename T>
const T& value(const admin::OrRefusal<T>& answer) {
  const auto* const refusal = std::get_if<Refusal>(&answer);
  INFO((refusal != nullptr ? refusal->detail : ""));
  REQUIRE(refusal == nullptr);
  return std::get<T>(answer);
}

template <typename T>
std::string refused(const admin::OrRefusal<T>& answer) {
  const auto* const refusal = std::get_if<Refusal>(&answer);
  REQUIRE(refusal != nullptr);
  return std::to_string(refusal->status) + " " + refusal->word;
}

}  // namespace

TEST_CASE("walking all pages lists every pin once") {
  Desk desk(AffinityBy::Header, "x-user");
  for (int i = 0; i < 5000; ++i) {
    desk.pin(KeyKind::Header, "user-" + std::to_string(i), i % 2 == 0 ? 1 : 2);
  }
  const std::size_t limit = GENERATE(1U, 13U, 1000U);
  const std::string backend = GENERATE("", "b2");
  std::multiset<std::string> keys;
  std::uint64_t cursor = 0;
  do {
    const auto answer = app::list_pins(
        desk.context(), {.limit = limit, .cursor = cursor, .backend = {backend, {}}, .kind = {}});
    const admin::PinPage& page = value(answer);
    REQUIRE(page.entries.size() <= limit);
    for (const admin::PinInfo& pin : page.entries) {
      keys.insert(pin.key);
    }
    cursor = page.next;
  } while (cursor != 0);
  CHECK(keys.size() == (backend.empty() ? 5000U : 2500U));
  CHECK(std::set<std::string>(keys.begin(), keys.end()).size() == keys.size());
}

TEST_CASE("times of a pin are those of the wall clock") {
  Desk desk(AffinityBy::Header, "x-user");
  desk.pin(KeyKind::Header, "alice", 2);
  desk.now += std::chrono::minutes(10);
  const auto answer = app::find_pin(desk.context(), {.key = "alice", .pool = {}, .kind = {}});
  const admin::PinInfo& pin = value(answer);
  CHECK(pin.backend == "b2");
  CHECK(pin.pool == "default");
  CHECK(pin.last_seen == desk.wall_now - std::chrono::minutes(10));
  CHECK(pin.expires == desk.wall_now + std::chrono::minutes(50));
}

TEST_CASE("an address finds the pin of its network") {
  Desk desk(AffinityBy::ClientIp);
  desk.pin(KeyKind::ClientIp, "2001:db8::/64", 1);
  CHECK(value(app::find_pin(desk.context(), {.key = "2001:db8::7", .pool = {}, .kind = {}})).key ==
        "2001:db8::/64");
  CHECK(refused(app::find_pin(desk.context(), {.key = "2001:db9::7", .pool = {}, .kind = {}})) == "404 key");
}

TEST_CASE("a key with pins in two pools is told apart by pool") {
  Desk desk(AffinityBy::Header, "x-user");
  desk.add_pool("other", AffinityBy::Query, {make_backend(3, "b1")});
  desk.pin(KeyKind::Header, "alice", 1, 1);
  desk.pin(KeyKind::Query, "alice", 3, 2);
  CHECK(value(app::find_pin(desk.context(), {.key = "alice", .pool = "other", .kind = {}})).kind ==
        KeyKind::Query);
  CHECK(value(app::find_pin(desk.context(), {.key = "alice", .pool = {}, .kind = KeyKind::Header})).pool ==
        "default");
  CHECK(value(app::forget_pin(desk.context(), {.key = "alice", .pool = "other", .kind = {}})).pool ==
        "other");
  CHECK(value(app::find_pin(desk.context(), {.key = "alice", .pool = {}, .kind = {}})).pool == "default");
  CHECK(refused(app::locate(desk.snapshot, {"b1", ""})) == "400 pool");
  CHECK(value(app::locate(desk.snapshot, {"b1", "other"})).backend->id == 3);
  CHECK(refused(app::locate(desk.snapshot, {"b9", ""})) == "404 backend");
}

TEST_CASE("a pin set by hand moves an entry or makes one, and decides the next request") {
  Desk desk(AffinityBy::ClientIp);
  desk.pin(KeyKind::ClientIp, "10.0.0.1", 1);
  for (const auto* const key : {"10.0.0.1", "10.0.0.2"}) {
    const auto answer = app::set_pin(desk.context(), {.key = key, .pool = {}, .kind = {}}, "b2");
    CHECK(value(answer).backend == "b2");
    CHECK(value(answer).reason == affinity::PinReason::Moved);
    const auto explained = app::explain(desk.context(), {.pool = {},
                                                         .client_ip = IpAddress::parse(key),
                                                         .cookie = {},
                                                         .header = {},
                                                         .query = {},
                                                         .path = {}});
    CHECK(value(explained).backend == "b2");
    CHECK(value(explained).steps.front().step == "by_hand");
  }
  CHECK(desk.table.size() == 2);
}

TEST_CASE("a new pin takes the kind of the pool's keys, and only those") {
  struct Case {
    AffinityBy by;
    bool falls_back;
    std::optional<KeyKind> kind;
    std::string key;
    std::string outcome;  // "kind key" of the pin, or "status word"
  };
  const std::vector<Case> cases{
      {AffinityBy::Header, false, {}, "alice", "header alice"},
      {AffinityBy::Query, false, {}, "alice", "query alice"},
      {AffinityBy::Path, false, {}, "alice", "path alice"},
      {AffinityBy::ClientIp, false, {}, "2001:db8::7", "client_ip 2001:db8::/64"},
      {AffinityBy::ClientIp, false, {}, "2001:db8::/64", "client_ip 2001:db8::/64"},
      {AffinityBy::ClientIp, false, {}, "alice", "400 key"},
      {AffinityBy::Cookie, false, {}, "0123456789abcdef", "cookie 0123456789abcdef"},
      {AffinityBy::Cookie, false, {}, "alice", "400 key"},
      {AffinityBy::Cookie, true, {}, "10.0.0.1", "400 kind"},
      {AffinityBy::Cookie, true, KeyKind::ClientIp, "10.0.0.1", "client_ip 10.0.0.1"},
      {AffinityBy::Cookie, false, KeyKind::ClientIp, "10.0.0.1", "400 kind"},
      {AffinityBy::None, false, {}, "alice", "400 kind"},
  };
  for (const Case& one : cases) {
    INFO(one.outcome);
    Desk desk(one.by, "user");
    desk.rule().fallback =
        one.falls_back ? settings::AffinityFallback::ClientIp : settings::AffinityFallback::None;
    const auto answer = app::set_pin(desk.context(), {.key = one.key, .pool = {}, .kind = one.kind}, "b1");
    if (const auto* const pin = std::get_if<admin::PinInfo>(&answer)) {
      CHECK(std::string(word(pin->kind)) + " " + pin->key == one.outcome);
    } else {
      CHECK(refused(answer) == one.outcome);
      CHECK(desk.table.size() == 0);
    }
  }
}

TEST_CASE("a pin on an unknown backend or in an unknown pool is refused") {
  Desk desk(AffinityBy::Header, "x-user");
  CHECK(refused(app::set_pin(desk.context(), {.key = "k", .pool = {}, .kind = {}}, "b9")) == "404 backend");
  CHECK(refused(app::set_pin(desk.context(), {.key = "k", .pool = "x", .kind = {}}, "b1")) == "404 pool");
  desk.add_pool("other", AffinityBy::Header, {});
  CHECK(refused(app::set_pin(desk.context(), {.key = "k", .pool = {}, .kind = {}}, "b1")) == "400 pool");
}

TEST_CASE("nobody is pinned to a backend that leaves") {
  Desk desk(AffinityBy::Header, "x-user");
  auto leaving = make_backend(7, "b7");
  leaving.is_leaving = true;
  desk.add_pool("other", AffinityBy::Header, {std::move(leaving)});
  CHECK(refused(app::set_pin(desk.context(), {.key = "k", .pool = "other", .kind = {}}, "b7")) ==
        "409 removed");
  CHECK(desk.table.size() == 0);
}

TEST_CASE("explain follows the rule of the pool and changes nothing") {
  Desk desk(AffinityBy::Header, "x-user");
  admin::ExplainQuery query;
  query.header = "alice";
  const auto fresh = app::explain(desk.context(), query);
  CHECK(value(fresh).key->text == "alice");
  CHECK_FALSE(value(fresh).backend.empty());
  CHECK(desk.table.size() == 0);
  desk.pin(KeyKind::Header, "alice", 2);
  CHECK(value(app::explain(desk.context(), query)).backend == "b2");
  query.cookie = "x";
  CHECK(refused(app::explain(desk.context(), query)) == "400 cookie");
}

TEST_CASE("explain knows the key inside a cookie and none without one") {
  Desk desk(AffinityBy::Cookie);
  const auto& pool = desk.snapshot.pools.front();
  admin::ExplainQuery query;
  query.cookie = pool.codec->encode({.key_text = "0123456789abcdef",
                                     .backend_name_hash = pool.backends.by_name("b2")->name_hash,
                                     .issued = desk.wall_now},
                                    pool.name);
  const auto known = app::explain(desk.context(), query);
  CHECK(value(known).key->text == "0123456789abcdef");
  CHECK(value(known).backend == "b2");
  query.cookie = "forged";
  const auto unknown = app::explain(desk.context(), query);
  CHECK_FALSE(value(unknown).key);
  CHECK_FALSE(value(unknown).backend.empty());
}

TEST_CASE("explain says why nobody can take the client") {
  Desk desk(AffinityBy::Query, "room");
  admin::ExplainQuery query;
  query.query = "5";
  for (const backends::Backend& backend : desk.snapshot.pools.front().backends.all()) {
    backend.state->health = backends::Health::Down;
  }
  const auto down = app::explain(desk.context(), query);
  CHECK(value(down).key->text == "5");
  CHECK(value(down).backend.empty());
  CHECK(value(down).reason == "no_backend");
}
