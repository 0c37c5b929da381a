// How the rows of the metrics are read: one template for each shape that several have. Pure. Any thread.
#pragma once

#include <chrono>
#include <string>
#include <type_traits>

#include "admin/metrics_text.h"
#include "admin/source.h"

namespace limpet::admin {

inline const LabelText kNoLabels;

[[nodiscard]] inline double in_seconds(Duration duration) noexcept {
  return std::chrono::duration<double>(duration).count();
}
[[nodiscard]] inline double in_seconds(WallTime time) noexcept {
  return in_seconds(time.time_since_epoch());
}

[[nodiscard]] inline LabelText pool_label(const PoolMetrics& pool) {
  return {{"pool", pool.name}};
}

template <Counter kWhich>
void read_total(const MetricsInfo& info, MetricsText& out) {
  out.add(kNoLabels, info.totals[static_cast<std::size_t>(kWhich)]);
}

template <auto kMember>
void read_process(const MetricsInfo& info, MetricsText& out) {
  out.add(kNoLabels, info.process.*kMember);
}

// Flags are 0 and 1.
template <auto kMember>
void read_backend(const MetricsInfo& info, MetricsText& out) {
  for (const BackendMetrics& backend : info.backends) {
    if constexpr (std::is_same_v<decltype(backend.*kMember), const bool&>) {
      out.add(backend.labels, std::uint64_t{backend.*kMember ? 1U : 0U});
    } else {
      out.add(backend.labels, backend.*kMember);
    }
  }
}

// Of backends that are being drained alone.
template <auto kMember>
void read_drain(const MetricsInfo& info, MetricsText& out) {
  for (const BackendMetrics& backend : info.backends) {
    if (backend.drain) {
      const auto value = (*backend.drain).*kMember;
      if constexpr (std::is_floating_point_v<decltype(value)>) {
        out.add(backend.labels, double{value});
      } else {
        out.add(backend.labels, static_cast<std::uint64_t>(value));
      }
    }
  }
}

// Of the clients' side, then of the backends'.
template <typename Read>
void for_each_tls_side(const MetricsInfo& info, const Read& read) {
  static const LabelText kClients{{"side", "client"}};
  static const LabelText kBackends{{"side", "backend"}};
  read(info.status.tls_clients, kClients);
  read(info.status.tls_backends, kBackends);
}

template <auto kMember>
void read_tls(const MetricsInfo& info, MetricsText& out) {
  for_each_tls_side(info,
                    [&](const TlsTotals& totals, const LabelText& side) { out.add(side, totals.*kMember); });
}

// Where nodes share their state.
template <auto kMember>
void read_shared(const MetricsInfo& info, MetricsText& out) {
  if (info.status.shared_state) {
    out.add(kNoLabels, static_cast<std::uint64_t>((*info.status.shared_state).*kMember));
  }
}

}  // namespace limpet::admin
