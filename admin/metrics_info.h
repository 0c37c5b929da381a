// What GET /metrics shows beside the status, as plain values. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "admin/drain_info.h"
#include "admin/metrics_text.h"
#include "admin/traffic_info.h"
#include "base/clock.h"

namespace limpet::admin {

struct ProcessInfo {
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_descriptors = 0;
  std::uint64_t most_descriptors = 0;
  double cpu_seconds = 0;  // user and system
  WallTime started;
  std::uint64_t open_connections = 0;  // of clients, those that became sessions included
  std::uint64_t log_lines_lost = 0;
};

struct WorkerMetrics {
  HistogramInfo lag{};  // seconds
  std::uint64_t chunks = 0;
  std::uint64_t chunks_borrowed = 0;
};

struct BackendMetrics {
  LabelText labels;  // pool and backend
  bool is_up = false;
  bool is_eligible = false;  // takes new clients
  bool is_draining = false;  // or leaving
  bool is_disabled = false;
  bool is_ejected = false;
  double weight = 0;  // as much of it as counts now
  std::uint64_t sessions = 0;
  std::uint64_t exchanges = 0;
  std::uint64_t elsewhere = 0;
  std::uint64_t requests = 0;
  std::uint64_t failures = 0;
  std::uint64_t cut_short = 0;
  std::optional<bool> probe_ok{};  // none before the first probe
  Duration probe_took{};
  std::optional<DrainInfo> drain{};
  TrafficInfo traffic{};
  std::uint64_t became_up = 0;
  std::uint64_t became_down = 0;
  std::uint64_t became_ejected = 0;
};

struct PoolMetrics {
  std::string name;
  std::uint64_t eligible = 0;
  double imbalance = 1;  // most sessions a weight of a backend, by the mean; of those that take new clients
  PoolTrafficInfo traffic{};
};

}  // namespace limpet::admin
