#include "backends/eligibility.h"

namespace limpet::backends {

std::string_view word(Ineligible why) noexcept {
  switch (why) {
    case Ineligible::No:
      return "eligible";
    case Ineligible::Unresolved:
      return "unresolved";
    case Ineligible::Down:
      return "down";
    case Ineligible::Awaited:
      return "not probed yet";
    case Ineligible::Draining:
      return "draining";
    case Ineligible::Disabled:
      return "disabled";
    case Ineligible::Full:
      return "full";
  }
  return "unknown";
}

// What an operator decided is named before what was found out: it explains more to whoever asks.
Ineligible why_not(const Backend& backend, Visitor visitor) noexcept {
  const BackendState& state = *backend.state;
  const Mode mode = state.mode.load(std::memory_order_relaxed);
  if (mode == Mode::Disabled) {
    return Ineligible::Disabled;
  }
  if ((mode == Mode::Draining || backend.is_leaving) &&
      (visitor == Visitor::New || state.keeps_nobody.load(std::memory_order_relaxed))) {
    return Ineligible::Draining;
  }
  if (!backend.address) {
    return Ineligible::Unresolved;
  }
  const Health health = state.health.load(std::memory_order_relaxed);
  if (health >= Health::Down) {
    return health == Health::Down ? Ineligible::Down : Ineligible::Awaited;
  }
  if (backend.spec.max_sessions != 0 && state.load() >= backend.spec.max_sessions) {
    return Ineligible::Full;
  }
  return Ineligible::No;
}

}  // namespace limpet::backends
