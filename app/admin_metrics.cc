// What GET /metrics tells, read from the running server. Part of AdminSource. Everything is a few loads a
// backend: the numbers are gathered at one moment, and written afterwards.

#include <algorithm>

#include "app/admin_drains.h"
#include "app/admin_source.h"
#include "app/process_facts.h"
#include "app/server.h"
#include "app/totals.h"
#include "app/traffic_sums.h"
#include "backends/eligibility.h"

namespace limpet::app {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

// Sessions a weight: the most of any backend that takes new clients, by the mean of all those.
admin::PoolMetrics pool_metrics(const affinity::PoolView& pool) {
  admin::PoolMetrics metrics{.name = pool.name};
  double sessions = 0;
  double weight = 0;
  double most = 0;
  for (const backends::Backend& backend : pool.backends.all()) {
    if (!backends::is_eligible(backend, backends::Visitor::New)) {
      continue;
    }
    const double own_sessions = backend.state->sessions.load(kRelaxed);
    const double own_weight = std::max(1U, backend.spec.weight);
    ++metrics.eligible;
    sessions += own_sessions;
    weight += own_weight;
    most = std::max(most, own_sessions / own_weight);
  }
  if (sessions > 0) {
    metrics.imbalance = most / (sessions / weight);
  }
  return metrics;
}

}  // namespace

admin::MetricsInfo AdminSource::metrics() const {
  const Clock& clock = server_.shared().clock;
  admin::MetricsInfo metrics{.status = status()};
  metrics.process = {.resident_bytes = resident_bytes(),
                     .open_descriptors = open_descriptors(),
                     .most_descriptors = most_descriptors(),
                     .cpu_seconds = cpu_seconds(),
                     .started = clock.wall_now() - metrics.status.uptime,
                     .open_connections = server_.shared().connections.load(kRelaxed),
                     .log_lines_lost = server_.shared().log.lines_lost()};
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    metrics.totals[i] = total(server_, static_cast<Counter>(i));
  }
  PoolSums sums = sum_pools(server_.workers());
  metrics.reloads_applied = server_.configuration().accepted();
  metrics.reloads_refused = server_.configuration().refused();
  for (const auto& worker : server_.workers()) {
    metrics.workers.push_back(told_of(*worker));
  }
  for (const affinity::PoolView& pool : server_.snapshot()->pools) {
    metrics.pools.push_back(pool_metrics(pool));
    metrics.pools.back().traffic = told_of(sums[pool.id]);
    for (const backends::Backend& backend : pool.backends.all()) {
      metrics.backends.push_back(backend_metrics(pool, backend));
    }
  }
  return metrics;
}

admin::BackendMetrics AdminSource::backend_metrics(const affinity::PoolView& pool,
                                                   const backends::Backend& backend) const {
  using backends::Mode;
  const Clock& clock = server_.shared().clock;
  const backends::BackendState& state = *backend.state;
  const Mode mode = state.mode.load(kRelaxed);
  const double share = static_cast<double>(state.share.load(kRelaxed)) / backends::kWholeShare;
  admin::BackendMetrics metrics{
      .labels = admin::LabelText{{"pool", pool.name}, {"backend", backend.spec.name}},
      .is_up = state.health.load(kRelaxed) < backends::Health::Down,
      .is_eligible = backends::is_eligible(backend, backends::Visitor::New),
      .is_draining = mode == Mode::Draining || backend.is_leaving,
      .is_disabled = mode == Mode::Disabled,
      .is_ejected = server_.monitor().ejected_until(backend.id).has_value(),
      .weight = backend.spec.weight * share,
      .sessions = state.sessions.load(kRelaxed),
      .exchanges = state.exchanges.load(kRelaxed),
      .elsewhere = state.elsewhere.load(kRelaxed),
      .requests = state.requests.load(kRelaxed),
      .failures = state.failures.load(kRelaxed),
      .cut_short = state.cut_short.load(kRelaxed),
      .drain = drain_info(server_.drains(), backend.id, {clock.now(), clock.wall_now()}),
      .traffic = sum_of(state.traffic),
      .became_up = state.health_changes.up.get(),
      .became_down = state.health_changes.down.get(),
      .became_ejected = state.health_changes.ejected.get()};
  if (const auto probe = server_.monitor().last_probe(backend.id)) {
    metrics.probe_ok = probe->ok;
    metrics.probe_took = probe->took;
  }
  return metrics;
}

}  // namespace limpet::app
