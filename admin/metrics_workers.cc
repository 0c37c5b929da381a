#include "admin/metrics_workers.h"

#include <array>

#include "admin/metrics_readers.h"

namespace limpet::admin {

namespace {

template <auto kMember>
void read_worker(const MetricsInfo& info, MetricsText& out) {
  for (std::size_t i = 0; i < info.workers.size(); ++i) {
    out.add(LabelText{{"worker", std::to_string(i)}}, info.workers[i].*kMember);
  }
}

constexpr std::array kRows{
    MetricRow{{"limpet_worker_lag_seconds", "How late a worker came to what was due, looked at every 50 ms.",
               MetricType::Histogram},
              read_worker<&WorkerMetrics::lag>},
    MetricRow{{"limpet_worker_chunks", "Buffers of 16 KiB in use, for what a peer has not taken yet.",
               MetricType::Gauge},
              read_worker<&WorkerMetrics::chunks>},
    MetricRow{
        {"limpet_worker_chunks_borrowed_total", "Times that such a buffer was needed.", MetricType::Counter},
        read_worker<&WorkerMetrics::chunks_borrowed>},
};

}  // namespace

std::span<const MetricRow> worker_rows() noexcept {
  return kRows;
}

}  // namespace limpet::admin
