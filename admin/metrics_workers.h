// The rows of GET /metrics about the workers. Pure. Any thread.
#pragma once

#include <span>

#include "admin/metrics_view.h"

namespace limpet::admin {

[[nodiscard]] std::span<const MetricRow> worker_rows() noexcept;

}  // namespace limpet::admin
