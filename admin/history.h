// History: what limpet itself keeps of the last hour, for the lines of the dashboard: a fixed set of numbers
// every five seconds (51 KiB), and the recent events. Plain values. Control thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "admin/ring.h"
#include "base/clock.h"

namespace limpet::admin {

inline constexpr Duration kSampleEvery = std::chrono::seconds(5);
inline constexpr std::size_t kSamplesKept = std::chrono::hours(1) / kSampleEvery;
inline constexpr std::size_t kEventsKept = 256;

enum class Series : std::uint8_t {
  Sessions,  // live at that moment; all others are totals since the start
  Connections,
  Requests,
  SessionsOpened,
  SessionsEnded,
  BackendAttemptsFailed,
  Messages,  // WebSocket messages, either way
  Errors,    // what ended by a fault of a backend or of limpet
  kCount,
};
inline constexpr std::size_t kSeriesCount = static_cast<std::size_t>(Series::kCount);
// As the totals of the status are named.
inline constexpr std::array<std::string_view, kSeriesCount> kSeriesNames{
    "sessions", "connections", "requests", "sessions_opened", "sessions_ended", "backend_attempts_failed",
    "messages", "errors",
};

struct Sample {
  WallTime at;
  std::array<std::uint64_t, kSeriesCount> values{};

  [[nodiscard]] std::uint64_t& operator[](Series series) noexcept {
    return values[static_cast<std::size_t>(series)];
  }
};

// Something that happened to a backend or to the configuration.
struct Event {
  WallTime at;
  std::string_view what;  // static text: see docs/dashboard.md
  std::string pool{};     // empty when it is about no backend
  std::string backend{};
  std::string from{};  // empty when it does not apply
  std::string to{};
  std::uint32_t sessions = 0;  // of the backend at that moment
};

struct History {
  Ring<Sample, kSamplesKept> samples;
  Ring<Event, kEventsKept> events;
};

}  // namespace limpet::admin
