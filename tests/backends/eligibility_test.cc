#include "backends/eligibility.h"

#include <optional>

#include "tests/support/catch.h"

namespace limpet::backends {
namespace {

Backend healthy_backend() {
  Backend backend;
  backend.id = 1;
  backend.spec.name = "b1";
  backend.address = SocketAddress(IpAddress::from_v4({10, 0, 0, 1}), 3000);
  backend.state = std::make_shared<BackendState>();
  return backend;
}

struct Situation {
  const char* what;
  Mode mode;
  Health health;
  bool has_address;
  std::uint32_t sessions;
  std::uint32_t exchanges;
  std::uint32_t max_sessions;
  Ineligible for_new;
  Ineligible for_pinned;
};

constexpr Situation kSituations[] = {
    {"up", Mode::Enabled, Health::Up, true, 5, 5, 0, Ineligible::No, Ineligible::No},
    {"health not known yet", Mode::Enabled, Health::Unknown, true, 0, 0, 0, Ineligible::No, Ineligible::No},
    {"down", Mode::Enabled, Health::Down, true, 0, 0, 0, Ineligible::Down, Ineligible::Down},
    {"added and not probed yet", Mode::Enabled, Health::Awaited, true, 0, 0, 0, Ineligible::Awaited,
     Ineligible::Awaited},
    {"draining", Mode::Draining, Health::Up, true, 0, 0, 0, Ineligible::Draining, Ineligible::No},
    {"draining and down", Mode::Draining, Health::Down, true, 0, 0, 0, Ineligible::Draining,
     Ineligible::Down},
    {"disabled", Mode::Disabled, Health::Up, true, 0, 0, 0, Ineligible::Disabled, Ineligible::Disabled},
    {"without an address", Mode::Enabled, Health::Up, false, 0, 0, 0, Ineligible::Unresolved,
     Ineligible::Unresolved},
    {"one below its limit", Mode::Enabled, Health::Up, true, 2, 1, 4, Ineligible::No, Ineligible::No},
    {"full of sessions", Mode::Enabled, Health::Up, true, 4, 0, 4, Ineligible::Full, Ineligible::Full},
    {"full with requests under way", Mode::Enabled, Health::Up, true, 2, 2, 4, Ineligible::Full,
     Ineligible::Full},
};

TEST_CASE("eligibility depends on mode, health, address and load alone") {
  for (const Situation& situation : kSituations) {
    CAPTURE(situation.what);
    Backend backend = healthy_backend();
    backend.state->mode = situation.mode;
    backend.state->health = situation.health;
    backend.state->sessions = situation.sessions;
    backend.state->exchanges = situation.exchanges;
    backend.spec.max_sessions = situation.max_sessions;
    if (!situation.has_address) {
      backend.address = std::nullopt;
    }
    CHECK(why_not(backend, Visitor::New) == situation.for_new);
    CHECK(why_not(backend, Visitor::Pinned) == situation.for_pinned);
    CHECK(is_eligible(backend, Visitor::New) == (situation.for_new == Ineligible::No));
    CHECK(takes_new(Standing::of(backend), backend.state->load()) == (situation.for_new == Ineligible::No));
  }
}

TEST_CASE("a draining backend takes its own clients back until it keeps nobody, another one always") {
  const Mode mode = GENERATE(Mode::Enabled, Mode::Draining);
  Backend backend = healthy_backend();
  backend.state->mode = mode;
  CHECK(why_not(backend, Visitor::Pinned) == Ineligible::No);
  backend.state->keeps_nobody = true;
  CHECK(why_not(backend, Visitor::Pinned) ==
        (mode == Mode::Draining ? Ineligible::Draining : Ineligible::No));
}

TEST_CASE("every reason, mode and health has a word of its own") {
  CHECK(word(Ineligible::Unresolved) == "unresolved");
  CHECK(word(Ineligible::Down) == "down");
  CHECK(word(Ineligible::Draining) == "draining");
  CHECK(word(Ineligible::Disabled) == "disabled");
  CHECK(word(Ineligible::Full) == "full");
  CHECK(word(Mode::Enabled) == "enabled");
  CHECK(word(Mode::Draining) == "draining");
  CHECK(word(Mode::Disabled) == "disabled");
  CHECK(word(Health::Unknown) == "unknown");
  CHECK(word(Health::Up) == "up");
  CHECK(word(Health::Down) == "down");
}

}  // namespace
}  // namespace limpet::backends
