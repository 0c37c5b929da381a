// The one rule of who may take a request. Pure. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "backends/backend.h"

namespace limpet::backends {

enum class Ineligible : std::uint8_t { No, Unresolved, Down, Awaited, Draining, Disabled, Full };

[[nodiscard]] std::string_view word(Ineligible why) noexcept;

enum class Visitor : std::uint8_t {
  New,     // a client without a pin here
  Pinned,  // a client whose pin names this backend
};

// Unknown health counts as healthy: service begins with the first request, not with the first probe. Awaited
// does not: others serve while a newcomer is probed.
// max_sessions bounds load(); a backend that drains or leaves takes no New client,
// and a Pinned one until BackendState::keeps_nobody.
[[nodiscard]] Ineligible why_not(const Backend& backend, Visitor visitor) noexcept;
// The same for a New visitor, as one comparison, where many backends are asked. `load` is what the backend
// carries at the moment.
[[nodiscard]] inline bool takes_new(const Standing& standing, std::uint32_t load) noexcept {
  const Mode mode = standing.state->mode.load(std::memory_order_relaxed);
  const Health health = standing.state->health.load(std::memory_order_relaxed);
  return static_cast<bool>(unsigned{mode == Mode::Enabled} & unsigned{health < Health::Down} &
                           unsigned{load < standing.load_limit});
}
[[nodiscard]] inline bool is_eligible(const Backend& backend, Visitor visitor) noexcept {
  return why_not(backend, visitor) == Ineligible::No;
}

}  // namespace limpet::backends
