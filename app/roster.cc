#include "app/roster.h"

#include <algorithm>

#include "backends/eligibility.h"

namespace limpet::app {

namespace {

using affinity::PoolView;
using backends::Backend;
using backends::Health;
using backends::Mode;

constexpr auto kRelaxed = std::memory_order_relaxed;

bool knows(const proxy::Snapshot& snapshot, backends::BackendId id) {
  return snapshot.pool_of(id) != nullptr;
}

bool somebody_serves(const PoolView& pool) {
  return std::ranges::any_of(pool.backends.all(), [](const Backend& backend) {
    return backends::is_eligible(backend, backends::Visitor::New);
  });
}

bool has_ended(const backends::BackendState& state) {
  return state.own_load() == 0;
}

}  // namespace

proxy::SnapshotPtr Roster::build(const settings::Settings& settings, const proxy::Snapshot* before) {
  standing_ = leaving_.stand(settings);
  proxy::SnapshotPtr snapshot = builder_.build(settings, standing_);
  if (before != nullptr) {
    for (std::size_t i = 0; i < standing_.size(); ++i) {
      settle(snapshot->pools[i], standing_[i], *before);
    }
  }
  std::erase_if(leaving_ids_, [&](backends::BackendId id) {
    const bool has_gone = !knows(*snapshot, id);
    if (has_gone) {
      removal_.has_gone(id);
    }
    return has_gone;
  });
  return snapshot;
}

void Roster::settle(const PoolView& pool, const StandingPool& standing, const proxy::Snapshot& before) {
  const auto all = pool.backends.all();
  std::vector<const Backend*> newcomers;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Backend& backend = all[i];
    const bool leaves = i >= standing.staying;
    if (leaves && leaving_ids_.insert(backend.id).second) {
      removal_.send_away(pool, backend);
    } else if (!leaves && leaving_ids_.erase(backend.id) != 0) {
      backend.state->mode.store(Mode::Enabled, kRelaxed);
      removal_.keep(backend.id);
    } else if (!leaves && !knows(before, backend.id)) {
      backend.state->mode.store(Mode::Enabled, kRelaxed);
      backend.state->connect_failures.store(0, kRelaxed);
      backend.state->share.store(backends::kWholeShare,
                                 kRelaxed);  // it may have gone while it was warming up
      backend.state->health.store(Health::Awaited, kRelaxed);
      newcomers.push_back(&backend);
    }
  }
  if (standing.pool.health.probe == settings::ProbeKind::None || !somebody_serves(pool)) {
    for (const Backend* const backend : newcomers) {
      backend->state->health.store(Health::Unknown, kRelaxed);
    }
  }
}

std::vector<healthcheck::Target> Roster::targets(const proxy::Snapshot& snapshot) const {
  std::vector<healthcheck::Target> targets;
  for (std::size_t i = 0; i < standing_.size(); ++i) {
    for (const Backend& backend : snapshot.pools[i].backends.all()) {
      targets.push_back(
          {snapshot.pools[i].name, backend, standing_[i].pool.health, snapshot.tls_to(backend.id)});
    }
  }
  return targets;
}

std::set<std::string> Roster::hosts() const {
  std::set<std::string> hosts;
  for (const StandingPool& standing : standing_) {
    for (const settings::Backend& backend : standing.pool.backends) {
      if (!backend.address.literal()) {
        hosts.insert(backend.address.host);
      }
    }
  }
  return hosts;
}

bool Roster::look(const proxy::Snapshot& snapshot, Instant now) {
  for (const PoolView& pool : snapshot.pools) {
    const auto all = pool.backends.all();
    const auto is_awaited = [](const Backend& backend) {
      return backend.state->health.load(kRelaxed) == Health::Awaited;
    };
    if (std::ranges::any_of(all, is_awaited) && !somebody_serves(pool)) {
      for (const Backend& backend : all) {
        Health awaited = Health::Awaited;
        backend.state->health.compare_exchange_strong(awaited, Health::Unknown, kRelaxed);
      }
    }
  }
  if (leaving_.empty()) {
    return false;
  }
  return leaving_.forget_where(now, [&](const std::string& pool, const std::string& backend) {
    const PoolView* const view = builder_.find_view(snapshot, pool);
    const Backend* const found = view != nullptr ? view->backends.by_name(backend) : nullptr;
    return found == nullptr || has_ended(*found->state);
  });
}

}  // namespace limpet::app
