// Backends: who they are (BackendSpec, immutable), how one is (BackendState, a few relaxed atomics that
// outlive reloads) and the two together (Backend). Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "backends/traffic.h"
#include "base/address.h"
#include "base/proxy_version.h"

namespace limpet::backends {

// A backend keeps its number for as long as the process lives, whatever reloads do; pins are stored by it. 0
// = none.
using BackendId = std::uint32_t;

// Awaited: added while limpet runs, and nothing is known of it yet: it takes nobody before its first result.
// What may take clients stands before Down.
enum class Health : std::uint8_t { Unknown, Up, Down, Awaited };
enum class Mode : std::uint8_t { Enabled, Draining, Disabled };

[[nodiscard]] std::string_view word(Health health) noexcept;
[[nodiscard]] std::string_view word(Mode mode) noexcept;

// How often a backend's health was seen to change, by what it became.
struct HealthTally {
  Tally up;
  Tally down;
  Tally ejected;
};

// Of BackendState::share: the whole weight.
inline constexpr std::uint16_t kWholeShare = 1000;

// Relaxed throughout: each is a counter or a flag of its own, none guards other data.
struct BackendState {
  explicit BackendState(std::size_t workers = 1) : traffic(workers) {}

  std::atomic<Health> health{Health::Unknown};
  std::atomic<Mode> mode{Mode::Enabled};
  // While draining: not even a client in the middle of a session here is taken back any more.
  std::atomic<bool> keeps_nobody{false};
  // Of its weight, in thousandths: less during health.slow_start.
  std::atomic<std::uint16_t> share{kWholeShare};
  std::atomic<std::uint32_t> sessions{0};          // live tunnels
  std::atomic<std::uint32_t> exchanges{0};         // requests under way, handshakes included
  std::atomic<std::uint64_t> requests{0};          // taken since start
  std::atomic<std::uint64_t> cut_short{0};         // sessions that were cut since start
  std::atomic<std::uint64_t> failures{0};          // attempts that failed since start
  std::atomic<std::uint32_t> connect_failures{0};  // in a row, seen by traffic; 0 again at the first success
  std::atomic<std::uint64_t> handshakes{0};        // upgrades answered by a valid 101 since start
  std::atomic<std::uint64_t> handshake_us{0};      // from the request to the 101, all of them together

  std::atomic<std::uint32_t> elsewhere{0};  // load() of other nodes, where that is shared

  TrafficByWorker traffic;
  HealthTally health_changes;  // written by control

  // Tunnels and requests under way through this node.
  [[nodiscard]] std::uint32_t own_load() const noexcept {
    return sessions.load(std::memory_order_relaxed) + exchanges.load(std::memory_order_relaxed);
  }
  // What balancing compares.
  [[nodiscard]] std::uint32_t load() const noexcept {
    return own_load() + elsewhere.load(std::memory_order_relaxed);
  }
};

struct BackendSpec {
  std::string name;
  Endpoint endpoint;
  std::uint32_t weight = 1;
  std::uint32_t max_sessions = 0;               // 0 = no limit
  ProxyVersion send_proxy = ProxyVersion::Off;  // every connection to it begins with a PROXY header
};

struct Backend {
  BackendId id = 0;
  BackendSpec spec;
  std::uint64_t name_hash = 0;           // of spec.name: what the hash walk mixes with a key
  std::optional<SocketAddress> address;  // none while the name does not resolve: the backend is down
  std::shared_ptr<BackendState> state;   // never null
  // Removed while limpet runs: here until its last session has gone, as if it drained. Not a Mode, which is
  // the same for everybody at once: who has yet to hear of the removal may have nobody else to choose.
  bool is_leaving = false;
};

// What a choice among many backends reads of each, side by side: a Backend is four cache lines.
struct Standing {
  const BackendState* state = nullptr;  // never null
  std::uint32_t weight = 1;             // at least 1
  std::uint32_t load_limit = 0;  // takes clients below this load: never when it is not resolved or leaves

  [[nodiscard]] static Standing of(const Backend& backend) noexcept {
    constexpr std::uint32_t kNoLimit = ~0U;
    const std::uint32_t most = backend.spec.max_sessions == 0 ? kNoLimit : backend.spec.max_sessions;
    return {.state = backend.state.get(),
            .weight = backend.spec.weight == 0 ? 1 : backend.spec.weight,
            .load_limit = backend.address && !backend.is_leaving ? most : 0};
  }
};

// In thousandths of the weight, as much of it as there is while the backend warms up.
[[nodiscard]] inline std::uint32_t weight_now(const Standing& standing) noexcept {
  return standing.weight * standing.state->share.load(std::memory_order_relaxed);
}

}  // namespace limpet::backends
