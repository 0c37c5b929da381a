// The rows of GET /metrics about traffic: sessions, handshakes and messages by backend and pool. Pure. Any
// thread.
#pragma once

#include <span>

#include "admin/metrics_view.h"

namespace limpet::admin {

[[nodiscard]] std::span<const MetricRow> traffic_rows() noexcept;

}  // namespace limpet::admin
