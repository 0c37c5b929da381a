// What GET /metrics tells of the traffic of backends and pools, as plain values. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/metrics_text.h"

namespace limpet::admin {

// Without zeros. The word is static text.
using WordCounts = std::vector<std::pair<std::string_view, std::uint64_t>>;

// What came from one side of the sessions of a backend.
struct FlowInfo {
  std::uint64_t bytes = 0;
  std::uint64_t messages = 0;
  WordCounts frames{};  // by opcode
};

struct TrafficInfo {
  FlowInfo from_client{};
  FlowInfo from_backend{};
  std::uint64_t opened = 0;
  WordCounts ended{};  // by reason
  WordCounts handshakes{};
};

struct CloseInfo {
  std::string_view by;  // a side; static text
  std::string code;
  std::uint64_t count = 0;
};

struct PoolTrafficInfo {
  WordCounts handshakes{};
  HistogramInfo opening{};            // seconds
  HistogramInfo first_byte{};         // seconds
  HistogramInfo sizes_from_client{};  // bytes
  HistogramInfo sizes_from_backend{};
  std::vector<CloseInfo> closes{};  // without zeros
  WordCounts decisions{};
  WordCounts cookies_refused{};
  std::uint64_t reconnects = 0;
};

}  // namespace limpet::admin
