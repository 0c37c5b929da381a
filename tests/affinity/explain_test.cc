#include "affinity/explain.h"

#include <string>

#include "tests/affinity/pool_story.h"
#include "tests/support/catch.h"

namespace limpet::affinity {
namespace {

using backends::Health;
using backends::Mode;

TEST_CASE("an explanation ends with the source that was followed") {
  PoolStory story;
  story.was_at(2);
  static_cast<void>(story.decide_now());
  CHECK(story.story() == "by_hand - none; cookie - none; pin b2 taken; ");
  story.set_by_hand(3);
  static_cast<void>(story.decide_now());
  CHECK(story.story() == "by_hand b3 taken; ");
}

TEST_CASE("an explanation says why each source was not followed") {
  PoolStory story;
  story.bring_cookie_for_backend(2);
  story.was_at(1);
  story.state(2).health = Health::Down;
  story.tried = {1};
  static_cast<void>(story.decide_now());
  CHECK(story.story().starts_with("by_hand - none; cookie b2 down; pin b1 already tried; walk "));
  story.bring_cookie_for(12345);
  static_cast<void>(story.decide_now());
  CHECK(story.story().starts_with("by_hand - none; cookie - gone; pin b1 already tried; walk "));
}

TEST_CASE("an explanation of a walk names every backend that was passed over and why") {
  PoolStory story;
  story.pool.rule.load_factor = 1.25;
  const Key key = *story.who().key;
  const auto& first = *story.in_walk(key, 0);
  const auto& second = *story.in_walk(key, 1);
  const auto& third = *story.in_walk(key, 2);
  first.state->mode = Mode::Draining;
  second.state->sessions = 50;
  static_cast<void>(story.decide_now());
  CHECK(story.story() == "by_hand - none; cookie - none; pin - none; walk " + first.spec.name +
                             " draining; walk " + second.spec.name + " over its load bound; walk " +
                             third.spec.name + " taken; ");
  third.state->health = Health::Down;
  second.state->mode = Mode::Disabled;
  static_cast<void>(story.decide_now());
  CHECK(story.story().ends_with(third.spec.name + " down; walk - no backend is eligible and untried; "));
}

TEST_CASE("an explanation of load balance names all that were not taken, then the one that was") {
  PoolStory story;
  story.pool.rule.balance = settings::Balance::LeastSessions;
  story.state(1).sessions = 2;
  story.state(2).health = Health::Down;
  static_cast<void>(story.decide_now());
  CHECK(story.story() ==
        "by_hand - none; cookie - none; pin - none; balance b1 not the least loaded; balance b2 down; "
        "balance b3 taken; ");
}

TEST_CASE("an explanation of a strict refusal says that the client may not be moved") {
  PoolStory story;
  story.pool.rule.strict = true;
  story.was_at(2);
  story.state(2).health = Health::Down;
  static_cast<void>(story.decide_now());
  CHECK(story.story() ==
        "by_hand - none; cookie - none; pin b2 down; strict - the client may not be moved; ");
}

TEST_CASE("a decision is the same whether somebody reads the trace or not") {
  PoolStory story;
  for (std::uint8_t i = 0; i < 100; ++i) {
    story.address = IpAddress::from_v4({10, 0, 1, i});
    const Decision traced = story.decide_now();
    const Decision untraced =
        decide(story.pool, story.who(), story.request(), story.table, {.tried = {}, .trace = nullptr});
    CHECK(traced.backend == untraced.backend);
    CHECK(traced.reason == untraced.reason);
  }
}

}  // namespace
}  // namespace limpet::affinity
