// Decisions about clients that have a backend already: by hand, by cookie or by pin.
#include "affinity/decide.h"
#include "tests/affinity/situation.h"

namespace limpet::affinity {
namespace {

using backends::Health;
using backends::Mode;
using std::chrono::minutes;

TEST_CASE("a pin is followed as long as its backend may take the client") {
  const Situation situations[] = {
      {"up", [](PoolStory& s) { s.was_at(2, PinReason::Overflow); }, Outcome::Chosen, 2, PinReason::Overflow,
       false, true},
      {"health not known",
       [](PoolStory& s) {
         s.was_at(2);
         s.state(2).health = Health::Unknown;
       },
       Outcome::Chosen, 2, PinReason::Hash, false, true},
      {"over its load bound",
       [](PoolStory& s) {
         s.was_at(2);
         s.pool.rule.load_factor = 1.25;
         s.state(2).sessions = 99;
       },
       Outcome::Chosen, 2, PinReason::Hash, false, true},
      {"down",
       [](PoolStory& s) {
         s.was_at(2);
         only_up(s, 3);
       },
       Outcome::Chosen, 3, PinReason::Failover},
      {"disabled",
       [](PoolStory& s) {
         s.was_at(2);
         only_up(s, 3);
         s.state(2).mode = Mode::Disabled;
       },
       Outcome::Chosen, 3, PinReason::Failover},
      {"full",
       [](PoolStory& s) {
         s.was_at(2);
         only_up(s, 3);
         s.state(2).health = Health::Up;
         s.limit_sessions(2, 5);
         s.state(2).sessions = 5;
       },
       Outcome::Chosen, 3, PinReason::Failover},
      {"tried",
       [](PoolStory& s) {
         s.was_at(2);
         s.tried = {2};
         s.state(1).mode = Mode::Disabled;
       },
       Outcome::Chosen, 3, PinReason::Failover},
      {"removed from the pool",
       [](PoolStory& s) {
         s.was_at(2);
         s.remove(2);
         only_up(s, 3);
       },
       Outcome::Chosen, 3, PinReason::Failover},
      {"expired",
       [](PoolStory& s) {
         s.was_at(2);
         s.now += s.pool.rule.ttl;
         only_up(s, 3);
       },
       Outcome::Chosen, 3, PinReason::Hash},
      {"of another pool",
       [](PoolStory& s) {
         s.was_at(2);
         s.pool.id = 4;
         only_up(s, 3);
       },
       Outcome::Chosen, 3, PinReason::Hash},
  };
  for (const Situation& situation : situations) {
    check(situation);
  }
}

TEST_CASE("a draining backend keeps the clients that are mid-session there and takes no others") {
  const auto draining = [](PoolStory& s) {
    s.state(2).mode = Mode::Draining;
    s.state(1).mode = Mode::Disabled;
  };
  const Situation situations[] = {
      {"a pinned client returns to a draining backend",
       [&](PoolStory& s) {
         s.was_at(2);
         draining(s);
       },
       Outcome::Chosen, 2, PinReason::Hash, false, true},
      {"not seen for more than a minute",
       [&](PoolStory& s) {
         s.was_at(2, PinReason::Hash, minutes(1));
         draining(s);
       },
       Outcome::Chosen, 3, PinReason::Failover},
      {"not seen for long, but with a live session",
       [&](PoolStory& s) {
         s.table.open_session(PoolStory::kPool, *s.who().key, {.backend = 2}, s.pool.rule.ttl,
                              s.now - minutes(30));
         draining(s);
       },
       Outcome::Chosen, 2, PinReason::Balance, false, true},
      {"sent away",
       [&](PoolStory& s) {
         s.table.open_session(PoolStory::kPool, *s.who().key, {.backend = 2}, s.pool.rule.ttl, s.now);
         s.table.close_session(PoolStory::kPool, *s.who().key, s.now, Ending::SentAway);
         draining(s);
       },
       Outcome::Chosen, 3, PinReason::Failover},
      {"by cookie, mid-session",
       [&](PoolStory& s) {
         s.bring_cookie_for_backend(2);
         s.was_at(2);
         draining(s);
       },
       Outcome::Chosen, 2, PinReason::Hash, false, true},
      {"by cookie, but the table knows nothing of a session",
       [&](PoolStory& s) {
         s.bring_cookie_for_backend(2);
         draining(s);
       },
       Outcome::Chosen, 3, PinReason::Failover, false, false, true},
      {"by hand",
       [&](PoolStory& s) {
         s.set_by_hand(2);
         draining(s);
       },
       Outcome::Chosen, 2, PinReason::Moved, true, true},
      {"a new client", [&](PoolStory& s) { draining(s); }, Outcome::Chosen, 3, PinReason::Hash},
  };
  for (const Situation& situation : situations) {
    check(situation);
  }
}

TEST_CASE("a hand-set pin stands above the cookie, the cookie above the pin") {
  const Situation situations[] = {
      {"by hand alone", [](PoolStory& s) { s.set_by_hand(1); }, Outcome::Chosen, 1, PinReason::Moved, true,
       true},
      {"by hand over the cookie, which is then renewed",
       [](PoolStory& s) {
         s.bring_cookie_for_backend(2);
         s.set_by_hand(1);
       },
       Outcome::Chosen, 1, PinReason::Moved, true, true, true},
      {"by hand and the cookie agree",
       [](PoolStory& s) {
         s.bring_cookie_for_backend(1);
         s.set_by_hand(1);
       },
       Outcome::Chosen, 1, PinReason::Moved, true, true},
      {"by hand but down: the cookie",
       [](PoolStory& s) {
         s.bring_cookie_for_backend(2);
         s.set_by_hand(1);
         s.state(1).health = Health::Down;
       },
       Outcome::Chosen, 2, PinReason::Failover, false, true},
      {"by hand but down: the walk",
       [](PoolStory& s) {
         s.set_by_hand(1);
         only_up(s, 3);
       },
       Outcome::Chosen, 3, PinReason::Failover},
      {"the cookie, and no pin", [](PoolStory& s) { s.bring_cookie_for_backend(2); }, Outcome::Chosen, 2,
       PinReason::Hash, false, true},
      {"the cookie and a pin that agrees",
       [](PoolStory& s) {
         s.bring_cookie_for_backend(2);
         s.was_at(2, PinReason::Failover);
       },
       Outcome::Chosen, 2, PinReason::Failover, false, true},
      {"the cookie over a pin that differs",
       [](PoolStory& s) {
         s.bring_cookie_for_backend(2);
         s.was_at(3, PinReason::Overflow);
       },
       Outcome::Chosen, 2, PinReason::Hash, false, true},
      {"the cookie's backend down: the pin",
       [](PoolStory& s) {
         s.bring_cookie_for_backend(2);
         s.was_at(3, PinReason::Overflow);
         s.state(2).health = Health::Down;
       },
       Outcome::Chosen, 3, PinReason::Overflow, false, true, true},
      {"the cookie's backend tried: the pin",
       [](PoolStory& s) {
         s.bring_cookie_for_backend(2);
         s.was_at(3, PinReason::Failover);
         s.tried = {2};
       },
       Outcome::Chosen, 3, PinReason::Failover, false, true, true},
      {"the cookie's backend unknown: the pin",
       [](PoolStory& s) {
         s.bring_cookie_for(12345);
         s.was_at(3);
       },
       Outcome::Chosen, 3, PinReason::Hash, false, true, true},
      {"the cookie's backend unknown: the walk",
       [](PoolStory& s) {
         s.bring_cookie_for(12345);
         only_up(s, 3);
       },
       Outcome::Chosen, 3, PinReason::Failover, false, false, true},
      {"cookie and pin both down: the walk",
       [](PoolStory& s) {
         s.bring_cookie_for_backend(2);
         s.was_at(1);
         only_up(s, 3);
       },
       Outcome::Chosen, 3, PinReason::Failover, false, false, true},
  };
  for (const Situation& situation : situations) {
    check(situation);
  }
}

TEST_CASE("a strict pool refuses rather than moves a client, unless its backend is gone for good") {
  const Situation situations[] = {
      {"pin up", [](PoolStory& s) { s.was_at(2); }, Outcome::Chosen, 2, PinReason::Hash, false, true},
      {"pin down",
       [](PoolStory& s) {
         s.was_at(2);
         s.state(2).health = Health::Down;
       },
       Outcome::StrictPin},
      {"pin tried",
       [](PoolStory& s) {
         s.was_at(2);
         s.tried = {2};
       },
       Outcome::StrictPin},
      {"pin full",
       [](PoolStory& s) {
         s.was_at(2);
         s.limit_sessions(2, 1);
         s.state(2).sessions = 1;
       },
       Outcome::StrictPin},
      {"cookie down",
       [](PoolStory& s) {
         s.bring_cookie_for_backend(2);
         s.state(2).health = Health::Down;
       },
       Outcome::StrictPin},
      {"by hand down",
       [](PoolStory& s) {
         s.set_by_hand(2);
         s.state(2).health = Health::Down;
       },
       Outcome::StrictPin},
      {"cookie down, pin up",
       [](PoolStory& s) {
         s.bring_cookie_for_backend(2);
         s.was_at(3);
         s.state(2).health = Health::Down;
       },
       Outcome::Chosen, 3, PinReason::Hash, false, true, true},
      {"cookie's backend gone",
       [](PoolStory& s) {
         s.bring_cookie_for(12345);
         only_up(s, 3);
       },
       Outcome::Chosen, 3, PinReason::Failover, false, false, true},
      {"a new client after a failed attempt",
       [](PoolStory& s) {
         s.tried = {1, 2};
       },
       Outcome::Chosen, 3, PinReason::Failover},
      {"a new client", [](PoolStory& s) { only_up(s, 1); }, Outcome::Chosen, 1, PinReason::Hash},
  };
  for (Situation situation : situations) {
    const auto arrange = situation.arrange;
    situation.arrange = [&](PoolStory& s) {
      s.pool.rule.strict = true;
      arrange(s);
    };
    check(situation);
  }
}

}  // namespace
}  // namespace limpet::affinity
