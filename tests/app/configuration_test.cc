// What runs, what a file would change, and what was changed without one.
#include "app/configuration.h"

#include "app/run_time_changes.h"
#include "settings/load.h"
#include "settings/one_backend.h"
#include "tests/support/catch.h"

using namespace limpet;
using app::Author;
using app::Configuration;
using app::RunTimeMark;

namespace {

settings::Settings load(const std::string& more = {}) {
  const std::string text =
      "listeners:\n  - bind: 127.0.0.1:0\nbackends:\n  - {name: b1, address: '127.0.0.1:1'}\n"
      "  - {name: b2, address: '127.0.0.1:2'}\n";
  return std::get<settings::Settings>(settings::load_text(text + more, "f"));
}

Configuration running(const std::string& more = {}) {
  return {load(more), "f", WallTime(Duration(5))};
}

const admin::NewBackend kThird{.pool = {}, .values = {{"address", "127.0.0.1:3"}, {"name", "b3"}}};

settings::Settings next_of(const admin::OrRefusal<app::RunTimeChange>& change) {
  const auto* const refusal = std::get_if<admin::Refusal>(&change);
  INFO((refusal != nullptr ? refusal->detail : ""));
  REQUIRE(refusal == nullptr);
  return std::get<app::RunTimeChange>(change).next;
}

admin::Refusal refused(const admin::OrRefusal<app::RunTimeChange>& change) {
  REQUIRE(std::holds_alternative<admin::Refusal>(change));
  return std::get<admin::Refusal>(change);
}

std::vector<std::string> keys(const std::vector<settings::Change>& changes) {
  std::vector<std::string> list;
  for (const settings::Change& change : changes) {
    list.push_back(change.key);
  }
  return list;
}

}  // namespace

TEST_CASE("each change that is accepted is one generation, and only a file has an author and a time") {
  Configuration configuration = running();
  CHECK(configuration.generation() == 1);
  CHECK(configuration.author() == Author::Start);
  configuration.accept_run_time(next_of(app::with_backend(configuration.running(), kThird)));
  CHECK(configuration.generation() == 2);
  CHECK(configuration.loaded_at() == WallTime(Duration(5)));
  configuration.accept(load(), Author::Signal, WallTime(Duration(9)));
  CHECK(configuration.generation() == 3);
  CHECK(configuration.loaded_at() == WallTime(Duration(9)));
  CHECK(word(configuration.author()) == "signal");
}

TEST_CASE("reloads are counted, refused ones apart, and changes at run time are none") {
  Configuration configuration = running();
  CHECK(configuration.accepted() == 0);
  configuration.accept(load(), Author::Signal, WallTime(Duration(9)));
  configuration.refuse();
  configuration.accept_run_time(next_of(app::with_backend(configuration.running(), kThird)));
  CHECK(configuration.accepted() == 1);
  CHECK(configuration.refused() == 1);
  CHECK(configuration.generation() == 3);
}

TEST_CASE("a plan has every change, and what would run has those that need no restart") {
  const Configuration configuration = running();
  const auto plan = configuration.plan(load("workers: 3\nretries: 1\n"));
  CHECK(keys(plan.changes) == std::vector<std::string>{"workers", "retries"});
  CHECK(plan.next.workers == configuration.running().workers);
  CHECK(plan.next.retries == 1);
  CHECK(plan.undone.empty());
}

TEST_CASE("a change at run time is marked until a file has it or undoes it") {
  Configuration configuration = running();
  configuration.accept_run_time(next_of(app::with_backend(configuration.running(), kThird)));
  configuration.accept_run_time(
      next_of(app::without_backend(configuration.running(), {.name = "b2", .pool = {}})));
  configuration.accept_run_time(
      next_of(app::with_weight(configuration.running(), {.name = "b1", .pool = {}}, "4")));
  CHECK(configuration.mark("default", "b1") == RunTimeMark::Weight);
  CHECK(configuration.mark("default", "b2") == RunTimeMark::Removed);
  CHECK(configuration.mark("default", "b3") == RunTimeMark::Added);
  CHECK(configuration.mark("default", "b4") == RunTimeMark::None);
  CHECK(configuration.mark("chat", "b1") == RunTimeMark::None);

  CHECK(keys(configuration.plan(load()).undone) ==
        std::vector<std::string>{"pools.default.backends.b1.weight", "pools.default.backends.b2",
                                 "pools.default.backends.b3"});
  const auto same = configuration.plan(configuration.running());
  CHECK(same.changes.empty());
  CHECK(same.undone.empty());
  configuration.accept(same.next, Author::Api, WallTime());
  for (const auto* const name : {"b1", "b2", "b3"}) {
    CHECK(configuration.mark("default", name) == RunTimeMark::None);
  }
}

TEST_CASE("a file that removes the pool undoes what was changed in it") {
  Configuration configuration = running("pools: {chat: {backends: ['127.0.0.1:9']}}\n");
  configuration.accept_run_time(
      next_of(app::with_backend(configuration.running(), {.pool = "chat", .values = kThird.values})));
  CHECK(keys(configuration.plan(load()).undone) == std::vector<std::string>{"pools.chat.backends.b3"});
}

TEST_CASE("added and removed again leaves no trace") {
  Configuration configuration = running();
  configuration.accept_run_time(next_of(app::with_backend(configuration.running(), kThird)));
  configuration.accept_run_time(
      next_of(app::without_backend(configuration.running(), {.name = "b3", .pool = {}})));
  CHECK(configuration.mark("default", "b3") == RunTimeMark::None);
  CHECK(configuration.plan(load()).undone.empty());
}

TEST_CASE("a backend without a pool goes to the only one, or to default") {
  settings::Settings settings = load("pools: {chat: {backends: ['127.0.0.1:9']}}\n");
  CHECK(std::get<app::RunTimeChange>(app::with_backend(settings, kThird)).pool == "default");
  settings.pools.erase(settings.pools.begin());
  CHECK(std::get<app::RunTimeChange>(app::with_backend(settings, kThird)).pool == "chat");
  settings.pools.push_back(settings.pools.front());
  settings.pools.back().name = "other";
  CHECK(refused(app::with_backend(settings, kThird)).word == "pool");
}

TEST_CASE("a refusal names the key that is wrong") {
  const settings::Settings settings =
      load("pools: {chat: {backends: [{name: b1, address: '127.0.0.1:9'}]}}\n");
  const auto add = [&](settings::KeyTexts values) {
    return refused(app::with_backend(settings, {.pool = "default", .values = std::move(values)}));
  };
  CHECK(add({{"address", "127.0.0.1:3"}, {"weight", "0"}}).word == "weight");
  CHECK(add({{"address", "x"}, {"weight", "0"}}).detail ==
        "address: expected HOST:PORT, \"[v6]:PORT\" or unix:/path, with a port from 1 to 65535, found \"x\"; "
        "weight: expected a whole number from 1 to 1000, found \"0\"");
  CHECK(add({{"name", "n"}}).word == "address");
  CHECK(add({{"address", "127.0.0.1:3"}, {"name", "a\nb"}}).word == "name");
  CHECK(add({{"address", "127.0.0.1:3"}, {"weigth", "1"}}).word == "weigth");
  CHECK(add({{"address", "127.0.0.1:3"}, {"name", "b1"}}).status == 409);
  CHECK(refused(app::with_weight(settings, {.name = "b1", .pool = {}}, "2")).word == "pool");
  CHECK(refused(app::with_weight(settings, {.name = "b9", .pool = {}}, "2")).status == 404);
  CHECK(refused(app::without_backend(settings, {.name = "b1", .pool = "chat"})).status == 409);
}
