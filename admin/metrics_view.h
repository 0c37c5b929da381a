// The metrics: each is one row of a table in metrics_view.cc, metrics_workers.cc or
// metrics_traffic.cc. docs/metrics.md tells of each; a test
// compares the two. Pure. Any thread.
#pragma once

#include <span>
#include <string>

#include "admin/metrics_text.h"
#include "admin/source.h"

namespace limpet::admin {

struct MetricRow {
  MetricHead head;
  void (*read)(const MetricsInfo& info, MetricsText& out);
};

[[nodiscard]] std::span<const MetricRow> metric_rows();

// All of them, in the order of the tables.
[[nodiscard]] std::string metrics_text(const MetricsInfo& info);

}  // namespace limpet::admin
