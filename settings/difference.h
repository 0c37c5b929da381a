// The difference between two configurations, key by key, as people read it: what a reload would change. Made
// of the rows of the schema. Backends are matched by pool and name, listeners by address, pools by name;
// their order makes no difference, that of routes does. Pure. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "settings/settings.h"

namespace limpet::settings {

enum class ChangeKind : std::uint8_t { Added, Removed, Changed };

[[nodiscard]] std::string_view word(ChangeKind kind) noexcept;

// What a change is about. What changes alike in every pool is told once, without a pool.
struct ChangeOwner {
  std::string pool = {};     // empty = all pools, or the process
  std::string backend = {};  // empty = all of the pool
};

struct Change {
  ChangeKind kind = ChangeKind::Changed;
  // "timeouts.idle", "health.interval", "pools.chat.health.interval", "pools.chat.backends.b2",
  // "pools.chat.backends.b2.weight", "listeners.0.0.0.0:8080", "routes[0].path"
  std::string key;
  std::string from = {};  // as a file spells it; empty with Added
  std::string to = {};    // empty with Removed
  bool is_reloadable = true;
  bool reaches_sessions = false;  // live sessions feel it
  ChangeOwner owner = {};
};

[[nodiscard]] std::vector<Change> difference(const Settings& from, const Settings& to);

// "pools.chat.backends.b2".
[[nodiscard]] std::string backend_key(std::string_view pool, std::string_view backend);
// Everything of a backend but its name, in one line.
[[nodiscard]] std::string describe(const Backend& backend);

// Gives `loaded` the values that `running` has of every key that cannot change at run time.
void keep_what_needs_restart(const Settings& running, Settings& loaded);

// For each listener of `to` the index of the one of `from` that it goes on with: the same address, and the
// same pool where several share an address (port 0).
[[nodiscard]] std::vector<std::optional<std::size_t>> match_listeners(const std::vector<Listener>& from,
                                                                      const std::vector<Listener>& to);

}  // namespace limpet::settings
