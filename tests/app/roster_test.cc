// Who stands in the pools while backends come, go and come back; what that does to their states.
#include "app/roster.h"

#include <algorithm>

#include "backends/eligibility.h"
#include "settings/load.h"
#include "tests/support/catch.h"

using namespace limpet;
using namespace std::chrono_literals;
using backends::Health;
using backends::Mode;

namespace {

struct Sent final : app::RemovalPort {
  std::vector<std::string> away;
  std::vector<backends::BackendId> kept;
  std::vector<backends::BackendId> gone;

  void send_away(const affinity::PoolView& pool, const backends::Backend& backend) override {
    away.push_back(pool.name + "/" + backend.spec.name);
  }
  void keep(backends::BackendId backend) override { kept.push_back(backend); }
  void has_gone(backends::BackendId backend) override { gone.push_back(backend); }
};

// A roster that is at work with the backends of `names`; a pool by a letter, "c" for chat: "c1".
class Story {
 public:
  explicit Story(const std::vector<std::string>& names) : settings_(settings_of(names)) {
    snapshot_ = roster_.build(settings_, nullptr);
  }
  void configure(const std::vector<std::string>& names,
                 settings::ProbeKind probe = settings::ProbeKind::Tcp) {
    settings::Settings next = settings_of(names);
    for (settings::Pool& pool : next.pools) {
      pool.health.probe = probe;
    }
    roster_.change(settings_, next, now_);
    settings_ = next;
    build();
  }
  void build() { snapshot_ = roster_.build(settings_, snapshot_.get()); }
  void pass(Duration time) {
    now_ += time;
    if (roster_.look(*snapshot_, now_)) {
      build();
    }
  }
  [[nodiscard]] const backends::Backend* find(const std::string& name) const {
    for (const affinity::PoolView& pool : snapshot_->pools) {
      if (const auto* const backend = pool.backends.by_name(name)) {
        return backend;
      }
    }
    return nullptr;
  }
  [[nodiscard]] const backends::Backend& at(const std::string& name) const {
    const backends::Backend* const backend = find(name);
    REQUIRE(backend != nullptr);
    return *backend;
  }
  [[nodiscard]] bool takes_new(const std::string& name) const {
    return backends::is_eligible(at(name), backends::Visitor::New);
  }
  [[nodiscard]] app::Roster& roster() { return roster_; }
  [[nodiscard]] const proxy::Snapshot& snapshot() const { return *snapshot_; }
  [[nodiscard]] proxy::SnapshotPtr share() const { return snapshot_; }
  Sent sent;

 private:
  static settings::Settings settings_of(const std::vector<std::string>& names) {
    settings::Settings settings;
    for (const std::string& name : names) {
      const std::string pool = name.front() == 'c' ? "chat" : "default";
      auto found = std::ranges::find(settings.pools, pool, &settings::Pool::name);
      if (found == settings.pools.end()) {
        settings.pools.emplace_back().name = pool;
        found = std::prev(settings.pools.end());
        found->affinity.by = settings::AffinityBy::ClientIp;
      }
      found->backends.push_back({.name = name, .address = {"127.0.0.1", 1, {}}});
    }
    return settings;
  }

  app::Roster roster_{sent};
  settings::Settings settings_;
  proxy::SnapshotPtr snapshot_;
  Instant now_{Duration(1000)};
};

}  // namespace

TEST_CASE("at the start everybody serves before the first probe") {
  const Story story({"b1", "b2"});
  CHECK(story.takes_new("b1"));
  CHECK(story.at("b1").state->health == Health::Unknown);
}

TEST_CASE("a newcomer takes nobody before its first result") {
  Story story({"b1"});
  story.configure({"b1", "b2"});
  CHECK_FALSE(story.takes_new("b2"));
  CHECK(word(story.at("b2").state->health.load()) == "unknown");
  story.pass(10s);
  CHECK_FALSE(story.takes_new("b2"));
  story.at("b2").state->health = Health::Up;
  CHECK(story.takes_new("b2"));
}

TEST_CASE("a newcomer that nobody probes, or that nobody could stand in for, serves at once") {
  Story unprobed({"b1"});
  unprobed.configure({"b1", "b2"}, settings::ProbeKind::None);
  CHECK(unprobed.takes_new("b2"));

  Story alone({"b1"});
  alone.at("b1").state->health = Health::Down;
  alone.configure({"b1", "b2"});
  CHECK(alone.takes_new("b2"));

  Story new_pool({"b1"});
  new_pool.configure({"b1", "c1", "c2"});
  CHECK(new_pool.takes_new("c1"));
  CHECK(new_pool.takes_new("c2"));
}

TEST_CASE("a newcomer whose pool loses everybody else serves without a result") {
  Story story({"b1"});
  story.configure({"b1", "b2"});
  story.at("b1").state->health = Health::Down;
  story.pass(100ms);
  CHECK(story.takes_new("b2"));
}

TEST_CASE("a removed backend drains, and vanishes when its last session has gone") {
  Story story({"b1", "b2"});
  const auto state = story.at("b2").state;
  state->sessions = 1;
  story.configure({"b1"});
  CHECK_FALSE(story.takes_new("b2"));
  CHECK(backends::is_eligible(story.at("b2"), backends::Visitor::Pinned));
  CHECK(story.sent.away == std::vector<std::string>{"default/b2"});
  CHECK(story.at("b2").is_leaving);
  story.pass(10s);
  CHECK(story.find("b2") != nullptr);
  state->sessions = 0;
  state->exchanges = 1;
  story.pass(10s);
  CHECK(story.find("b2") != nullptr);
  state->exchanges = 0;
  story.pass(100ms);
  CHECK(story.find("b2") == nullptr);
  CHECK(story.sent.away.size() == 1);
}

TEST_CASE("a removed backend without sessions stays until every worker has heard of it") {
  Story story({"b1", "b2"});
  story.configure({"b1"});
  story.pass(app::Leaving::kShortestStay - 1ms);
  CHECK(story.find("b2") != nullptr);
  story.pass(1ms);
  CHECK(story.find("b2") == nullptr);
}

TEST_CASE("a removed backend that is added again is the same, enabled, and its sessions stay") {
  Story story({"b1", "b2"});
  const auto id = story.at("b2").id;
  const auto state = story.at("b2").state;
  state->sessions = 1;
  state->health = Health::Up;
  story.configure({"b1"});
  story.configure({"b1", "b2"});
  CHECK(story.at("b2").id == id);
  CHECK(story.at("b2").state == state);
  CHECK(state->mode == Mode::Enabled);
  CHECK(story.takes_new("b2"));
  CHECK(story.sent.kept == std::vector<backends::BackendId>{id});
  CHECK_FALSE(story.at("b2").is_leaving);
}

TEST_CASE("who has yet to hear of a change refuses nobody, although it replaces everybody") {
  Story story({"b1", "b2"});
  const proxy::SnapshotPtr before = story.share();
  story.configure({"b3", "b4"});
  for (const backends::Backend& backend : before->pools.front().backends.all()) {
    CHECK(backends::is_eligible(backend, backends::Visitor::New));
  }
  CHECK_FALSE(story.takes_new("b1"));
  CHECK(story.takes_new("b3"));
  CHECK(story.takes_new("b4"));
}

TEST_CASE("one that comes back after it was gone keeps its number and is probed first") {
  Story story({"b1", "b2"});
  const auto id = story.at("b2").id;
  story.at("b2").state->health = Health::Up;
  story.at("b2").state->share = backends::kWholeShare / 4;
  story.configure({"b1"});
  CHECK(story.sent.gone.empty());
  story.pass(5s);
  CHECK(story.sent.gone == std::vector<backends::BackendId>{id});
  story.configure({"b1", "b2"});
  CHECK(story.at("b2").id == id);
  CHECK(story.at("b2").state->share == backends::kWholeShare);
  CHECK(story.at("b2").state->mode == Mode::Enabled);
  CHECK_FALSE(story.takes_new("b2"));
}

TEST_CASE("what an operator said stays over a change of others") {
  Story story({"b1", "b2", "b3"});
  story.at("b1").state->mode = Mode::Draining;
  story.at("b2").state->mode = Mode::Disabled;
  story.configure({"b1", "b2"});
  CHECK(story.at("b1").state->mode == Mode::Draining);
  CHECK(story.at("b2").state->mode == Mode::Disabled);
  CHECK(story.sent.away == std::vector<std::string>{"default/b3"});
  story.configure({"b1"});
  CHECK(story.at("b2").state->mode == Mode::Disabled);
}

TEST_CASE("a removed pool stays until its last session, and nothing is routed there") {
  Story story({"b1", "c1", "c2"});
  story.at("c1").state->sessions = 1;
  story.configure({"b1"});
  REQUIRE(story.snapshot().pools.size() == 2);
  CHECK(story.snapshot().pools[1].is_leaving);
  CHECK(story.snapshot().pool_named("chat") == nullptr);
  story.pass(5s);
  CHECK(story.find("c2") == nullptr);
  CHECK(story.find("c1") != nullptr);
  const auto chat = story.snapshot().pools[1].id;
  story.configure({"b1", "c1"});
  CHECK_FALSE(story.snapshot().pools[1].is_leaving);
  CHECK(story.snapshot().pools[1].id == chat);
  CHECK(story.at("c1").state->mode == Mode::Enabled);
}

TEST_CASE("targets and backends of a snapshot are the same, those that leave too") {
  Story story({"b1", "b2", "c1"});
  story.configure({"b1"});
  CHECK(story.roster().targets(story.snapshot()).size() == 3);
}

TEST_CASE("names that nobody has any more are not looked up, and forgotten beyond a bound") {
  Story story({"b0"});
  const auto first = story.at("b0").id;
  backends::BackendId last = first;
  for (int i = 1; i < 10'000; ++i) {
    const std::string name = "b" + std::to_string(i);
    story.configure({name});
    story.pass(2s);
    CHECK(story.at(name).id > last);  // no number is given twice
    last = story.at(name).id;
    REQUIRE(story.snapshot().pools.front().backends.size() == 1);
  }
  story.configure({"b0"});
  CHECK(story.at("b0").id > last);
}
