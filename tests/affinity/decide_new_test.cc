// Decisions about clients that have no backend yet, further attempts, and what holds for every decision.
#include <algorithm>

#include "affinity/decide.h"
#include "backends/eligibility.h"
#include "base/random.h"
#include "tests/affinity/situation.h"

namespace limpet::affinity {
namespace {

using backends::Health;
using backends::Mode;
using settings::AffinityBy;
using settings::AffinityFallback;
using settings::Balance;
using std::chrono::minutes;

TEST_CASE("a client that nobody may take is told so") {
  const Situation situations[] = {
      {"all down", [](PoolStory& s) { only_up(s, kAny); }, Outcome::NoBackends},
      {"all tried",
       [](PoolStory& s) {
         s.tried = {3, 1, 2};
       },
       Outcome::NoBackends},
      {"pinned, all tried",
       [](PoolStory& s) {
         s.was_at(1);
         s.tried = {3, 1, 2};
       },
       Outcome::NoBackends},
      {"one tried, the others down",
       [](PoolStory& s) {
         only_up(s, 1);
         s.tried = {1};
       },
       Outcome::NoBackends},
      {"an empty pool",
       [](PoolStory& s) {
         s.remove(1);
         s.remove(2);
         s.remove(3);
       },
       Outcome::NoBackends},
      {"an empty pool by load",
       [](PoolStory& s) {
         s.remove(1);
         s.remove(2);
         s.remove(3);
         s.pool.rule.balance = Balance::LeastSessions;
       },
       Outcome::NoBackends},
      {"by cookie, all down",
       [](PoolStory& s) {
         s.bring_cookie_for_backend(2);
         only_up(s, kAny);
       },
       Outcome::NoBackends},
  };
  for (const Situation& situation : situations) {
    check(situation);
  }
}

TEST_CASE("a new client is placed by the pool's balance") {
  const Situation situations[] = {
      {"hash", [](PoolStory&) {}, Outcome::Chosen, kAny, PinReason::Hash},
      {"least sessions",
       [](PoolStory& s) {
         s.pool.rule.balance = Balance::LeastSessions;
         s.state(1).sessions = 3;
         s.state(2).sessions = 2;
         s.state(3).sessions = 3;
       },
       Outcome::Chosen, 2, PinReason::Balance},
      {"least sessions without a key",
       [](PoolStory& s) {
         s.pool.rule.by = AffinityBy::None;
         s.pool.rule.balance = Balance::LeastSessions;
         s.state(1).sessions = 3;
         s.state(2).sessions = 2;
         s.state(3).sessions = 3;
       },
       Outcome::Chosen, 2, PinReason::Balance},
      {"by cookie, which is set", [](PoolStory& s) { s.pool.rule.by = AffinityBy::Cookie; }, Outcome::Chosen,
       kAny, PinReason::Hash, false, false, true},
      {"by cookie with a fallback, set as well",
       [](PoolStory& s) {
         s.pool.rule.by = AffinityBy::Cookie;
         s.pool.rule.fallback = AffinityFallback::ClientIp;
       },
       Outcome::Chosen, kAny, PinReason::Hash, false, false, true},
      {"a client without cookies follows the pin of its address",
       [](PoolStory& s) {
         s.pool.rule.by = AffinityBy::Cookie;
         s.pool.rule.fallback = AffinityFallback::ClientIp;
         s.was_at(2);
       },
       Outcome::Chosen, 2, PinReason::Hash, false, true, true},
      {"an aging cookie is set again",
       [](PoolStory& s) {
         s.pool.rule.cookie.max_age = minutes(10);
         s.bring_cookie_for_backend(2);
         s.wall_now += minutes(6);
       },
       Outcome::Chosen, 2, PinReason::Hash, false, true, true},
  };
  for (const Situation& situation : situations) {
    check(situation);
  }
}

TEST_CASE("each attempt takes the next backend of the same walk") {
  PoolStory story;
  const Key key = *story.who().key;
  CHECK(story.decide_now().backend == story.in_walk(key, 0));
  story.tried = {story.in_walk(key, 0)->id};
  CHECK(story.decide_now().backend == story.in_walk(key, 1));
  story.tried.push_back(story.in_walk(key, 1)->id);
  CHECK(story.decide_now().backend == story.in_walk(key, 2));
}

TEST_CASE("clients without a key are spread by chance") {
  PoolStory story;
  story.pool.rule.by = AffinityBy::None;
  int at_first = 0;
  for (story.random = 0; story.random < 3000; ++story.random) {
    at_first += story.decide_now().backend->id == 1 ? 1 : 0;
  }
  CHECK(at_first > 900);
  CHECK(at_first < 1100);
}

TEST_CASE("a pin given out stays: after it was opened every decision repeats it") {
  PoolStory story;
  story.pool.rule.balance = Balance::LeastSessions;
  const Decision first = story.decide_now();
  story.was_at(first.backend->id, first.reason);
  story.state(first.backend->id).sessions = 1000;
  const Decision second = story.decide_now();
  CHECK(second.backend == first.backend);
  CHECK(second.was_pinned);
}

// Whatever the situation, the answer is eligible, untried, and of the pool.
TEST_CASE("a decision is an eligible untried backend or none, in any situation") {
  constexpr std::uint64_t kSeed = 20;
  Random random(kSeed);
  for (int round = 0; round < 3000; ++round) {
    PoolStory story;
    story.pool.rule.strict = random.below(4) == 0;
    story.pool.rule.balance = random.below(2) == 0 ? Balance::Hash : Balance::LeastSessions;
    story.pool.rule.load_factor = random.below(2) == 0 ? 0 : 1.25;
    if (random.below(2) == 0) {
      story.bring_cookie_for_backend(static_cast<backends::BackendId>(1 + random.below(3)));
    }
    if (random.below(2) == 0) {
      story.was_at(static_cast<backends::BackendId>(1 + random.below(3)));
    }
    for (backends::BackendId id = 1; id <= 3; ++id) {
      story.state(id).health = static_cast<Health>(random.below(3));
      story.state(id).mode = static_cast<Mode>(random.below(3));
      story.state(id).sessions = static_cast<std::uint32_t>(random.below(20));
      if (random.below(4) == 0) {
        story.tried.push_back(id);
      }
    }
    const Decision decision = story.decide_now();
    CAPTURE(kSeed, round, story.story());
    if (decision.outcome == Outcome::Chosen) {
      REQUIRE(decision.backend != nullptr);
      REQUIRE(backends::is_eligible(
          *decision.backend, decision.was_pinned ? backends::Visitor::Pinned : backends::Visitor::New));
      REQUIRE(std::ranges::find(story.tried, decision.backend->id) == story.tried.end());
    } else {
      REQUIRE(decision.backend == nullptr);
      REQUIRE((decision.outcome == Outcome::NoBackends || story.pool.rule.strict));
    }
  }
}

}  // namespace
}  // namespace limpet::affinity
