// DrainInfo: how the drain of a backend goes on, and what an operator may say of a backend. Plain values. Any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "backends/backend.h"
#include "base/clock.h"

namespace limpet::admin {

struct DrainInfo {
  std::string_view cause;  // word of the close reason
  WallTime since;
  std::size_t told = 0;
  std::size_t remaining = 0;  // live sessions, those that are leaving included
  std::size_t leaving = 0;    // told, still there
  std::uint64_t cut = 0;
  double per_second = 0;        // now; 0 = no limit
  std::optional<Duration> eta;  // until everybody is told; none while nobody is told
  bool slowed = false;          // the other backends show distress
  bool resting = false;         // no other backend could take the clients
  bool closes = true;           // false: only no new clients
};

// An operator's word about a backend.
struct ModeOrder {
  backends::Mode mode = backends::Mode::Enabled;
  std::string rate{};  // Draining: as written, like 50/s; empty = that of the pool
  bool close = true;   // Draining: false = only no new clients
};

}  // namespace limpet::admin
