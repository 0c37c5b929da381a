// A situation and the decision that is expected in it: one row of the tables in the tests of decide().
#pragma once

#include <functional>

#include "tests/affinity/pool_story.h"
#include "tests/support/catch.h"

namespace limpet::affinity {

inline constexpr backends::BackendId kAny = 0;  // whichever the walk gives

struct Situation {
  const char* what;
  std::function<void(PoolStory&)> arrange;
  Outcome outcome = Outcome::Chosen;
  backends::BackendId backend = kAny;
  PinReason reason = PinReason::Hash;
  bool by_hand = false;
  bool was_pinned = false;
  bool set_cookie = false;
};

inline void check(const Situation& situation) {
  CAPTURE(situation.what);
  PoolStory story;
  situation.arrange(story);
  const Decision decision = story.decide_now();
  CAPTURE(story.story());
  REQUIRE(decision.outcome == situation.outcome);
  REQUIRE((decision.backend != nullptr) == (situation.outcome == Outcome::Chosen));
  if (situation.backend != kAny) {
    REQUIRE(decision.backend != nullptr);
    CHECK(decision.backend->id == situation.backend);
  }
  if (decision.backend != nullptr) {
    CHECK(decision.backend == story.pool.backends.by_id(decision.backend->id));
    CHECK(word(decision.reason) == word(situation.reason));
  }
  CHECK(decision.by_hand == situation.by_hand);
  CHECK(decision.was_pinned == situation.was_pinned);
  CHECK(decision.set_cookie == situation.set_cookie);
}

inline void only_up(PoolStory& story, backends::BackendId id) {
  for (const backends::Backend& backend : story.pool.backends.all()) {
    backend.state->health = backend.id == id ? backends::Health::Up : backends::Health::Down;
  }
}

}  // namespace limpet::affinity
