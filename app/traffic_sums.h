// What the workers have counted of a backend or a pool, added up when somebody asks. Control thread.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "admin/metrics_info.h"
#include "backends/traffic.h"
#include "proxy/pool_tally.h"
#include "proxy/worker.h"

namespace limpet::app {

[[nodiscard]] admin::TrafficInfo sum_of(const backends::TrafficByWorker& traffic);

using PoolSums = std::map<affinity::PoolId, proxy::PoolCounts>;
[[nodiscard]] PoolSums sum_pools(const std::vector<std::unique_ptr<proxy::Worker>>& workers);
[[nodiscard]] admin::PoolTrafficInfo told_of(const proxy::PoolCounts& counts);
[[nodiscard]] admin::WorkerMetrics told_of(const proxy::Worker& worker);

}  // namespace limpet::app
