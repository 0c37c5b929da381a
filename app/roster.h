// Roster: who stands in the pools: the backends of the settings, and those that were removed until their last
// session has gone. Makes the Snapshot and sets what a change does to the state of a backend: who leaves
// drains, who comes is probed before it takes anybody, who comes back is what it was. Control thread.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "app/leaving.h"
#include "app/pool_builder.h"
#include "app/removal_port.h"
#include "healthcheck/monitor.h"
#include "proxy/snapshot.h"

namespace limpet::app {

class Roster {
 public:
  explicit Roster(RemovalPort& removal) : removal_(removal) {}

  [[nodiscard]] PoolBuilder& builder() noexcept { return builder_; }

  // The settings change: build() is to follow.
  void change(const settings::Settings& before, const settings::Settings& after, Instant now) {
    leaving_.update(before, after, now);
  }
  // The snapshot of these settings, with the states of all backends set for it. `before`: the one in use;
  // null at the start, when nobody is a newcomer.
  [[nodiscard]] proxy::SnapshotPtr build(const settings::Settings& settings, const proxy::Snapshot* before);
  // What is to be probed, and what is to be resolved: of the last snapshot.
  [[nodiscard]] std::vector<healthcheck::Target> targets(const proxy::Snapshot& snapshot) const;
  [[nodiscard]] std::set<std::string> hosts() const;

  // For a timer. Forgets removed backends whose last session has gone: true when there was one, and then
  // build() is to follow. Newcomers whose pool has nobody else any more serve at once.
  [[nodiscard]] bool look(const proxy::Snapshot& snapshot, Instant now);

 private:
  void settle(const affinity::PoolView& pool, const StandingPool& standing, const proxy::Snapshot& before);

  RemovalPort& removal_;
  PoolBuilder builder_;
  Leaving leaving_;
  std::vector<StandingPool> standing_;  // of the last snapshot, pool by pool
  std::set<backends::BackendId> leaving_ids_;
};

}  // namespace limpet::app
