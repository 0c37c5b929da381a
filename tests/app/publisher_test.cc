// Who may publish how fast, and to whom it goes.
#include "app/publisher.h"

#include <chrono>
#include <memory>
#include <vector>

#include "tests/support/catch.h"

using namespace limpet;
using namespace limpet::app;
using namespace std::chrono_literals;
using admin::PublishOrder;
using admin::Refusal;
using settings::Rate;

namespace {

backends::Backend make_backend(backends::BackendId id, const std::string& name) {
  return {.id = id,
          .spec = {.name = name, .endpoint = {"127.0.0.1", 1, {}}},
          .address = std::nullopt,
          .state = std::make_shared<backends::BackendState>()};
}

proxy::Snapshot two_pools() {
  proxy::Snapshot snapshot;
  affinity::PoolView web;
  web.id = 1;
  web.name = "web";
  web.backends = backends::BackendSet({make_backend(1, "b1"), make_backend(3, "b2")});
  affinity::PoolView chat;
  chat.id = 2;
  chat.name = "chat";
  chat.backends = backends::BackendSet({make_backend(2, "b1"), make_backend(4, "c1")});
  affinity::PoolView empty;
  empty.id = 3;
  empty.name = "empty";
  snapshot.pools = {web, chat, empty};
  return snapshot;
}

std::vector<std::size_t> targets(const PublishOrder& order) {
  const auto found = publish_targets(two_pools(), order);
  REQUIRE(std::holds_alternative<std::vector<bool>>(found));
  const proxy::Publication publication{.frame = nullptr, .backends = std::get<std::vector<bool>>(found)};
  std::vector<std::size_t> ids;
  for (backends::BackendId id = 1; id <= 6; ++id) {
    if (publication.is_for(id)) {
      ids.push_back(id);
    }
  }
  return ids;
}

int refused(const PublishOrder& order) {
  const auto found = publish_targets(two_pools(), order);
  REQUIRE(std::holds_alternative<Refusal>(found));
  return std::get<Refusal>(found).status;
}

using Ids = std::vector<std::size_t>;

}  // namespace

TEST_CASE("a message goes to all, to a pool, to a backend") {
  CHECK(targets({.message = "m"}) == Ids{1, 2, 3, 4, 5, 6});  // those that have left the configuration too
  CHECK(targets({.message = "m", .pool = "chat"}) == Ids{2, 4});
  CHECK(targets({.message = "m", .pool = "empty"}) == Ids{});
  CHECK(targets({.message = "m", .backend = "c1"}) == Ids{4});
  CHECK(targets({.message = "m", .pool = "web", .backend = "b1"}) == Ids{1});
}

TEST_CASE("a pool or backend that is not there, or not the only one, is told of") {
  CHECK(refused({.message = "m", .pool = "nobody"}) == 404);
  CHECK(refused({.message = "m", .backend = "nobody"}) == 404);
  CHECK(refused({.message = "m", .pool = "web", .backend = "c1"}) == 404);
  CHECK(refused({.message = "m", .backend = "b1"}) == 400);
}

TEST_CASE("a route is known by its host and path as they are configured") {
  proxy::Snapshot snapshot = two_pools();
  snapshot.routes = {{.host = "chat.example.com", .path = "", .pool = 2, .id = 7},
                     {.host = "chat.example.com", .path = "/a", .pool = 2, .id = 8},
                     {.host = "", .path = "/a", .pool = 1, .id = 9}};
  const auto found = [&](const char* route) {
    return std::get<0>(publish_route(snapshot, {.message = "m", .route = route}));
  };
  CHECK(found("") == std::nullopt);
  CHECK(found("chat.example.com") == proxy::RouteId{7});
  CHECK(found("chat.example.com/a") == proxy::RouteId{8});
  CHECK(found("/a") == proxy::RouteId{9});
  const auto refused = publish_route(snapshot, {.message = "m", .route = "/a/b"});
  REQUIRE(std::holds_alternative<Refusal>(refused));
  CHECK(std::get<Refusal>(refused).status == 404);
  CHECK(std::get<Refusal>(refused).detail ==
        "no route is written as /a/b; there are: chat.example.com, chat.example.com/a, /a");
}

TEST_CASE("no rate is no limit") {
  PublishRate rate;
  for (int i = 0; i < 1000; ++i) {
    CHECK_FALSE(rate.refuse({}, Instant(1s)));
  }
}

TEST_CASE("so many in a time are let in, as many at once after a pause, and the wait is told") {
  PublishRate rate;
  const Rate ten{.events = 10, .per = 1s};
  Instant now(1h);
  const auto let_in = [&] {
    int count = 0;
    while (!rate.refuse(ten, now)) {
      ++count;
    }
    return count;
  };
  CHECK(let_in() == 10);
  const auto wait = rate.refuse(ten, now);
  REQUIRE(wait);
  CHECK(*wait <= 101ms);
  now += *wait;
  CHECK(let_in() == 1);
  now += 500ms;
  CHECK(let_in() == 5);
  now += 1h;
  CHECK(let_in() == 10);
}

TEST_CASE("over a long time the rate is kept exactly") {
  PublishRate rate;
  int count = 0;
  for (Instant now(1h); now < Instant(1h + 60s); now += 7ms) {
    count += rate.refuse({.events = 50, .per = 1s}, now) ? 0 : 1;
  }
  CHECK(count >= 50 * 60);
  CHECK(count <= 50 * 60 + 50);
}

TEST_CASE("another rate counts from the next message on") {
  PublishRate rate;
  CHECK_FALSE(rate.refuse({.events = 1, .per = 1h}, Instant(1h)));
  CHECK(rate.refuse({.events = 1, .per = 1h}, Instant(1h + 1s)));
  const Rate fifty{.events = 50, .per = 1s};
  CHECK(rate.refuse(fifty, Instant(1h + 2s)).value_or(1h) < 25ms);
  CHECK_FALSE(rate.refuse(fifty, Instant(1h + 2s + 25ms)));
}
