// Time. Waits and ages use the steady clock; the wall clock is only shown to people, so that its jumps are
// harmless. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace limpet {

using Duration = std::chrono::milliseconds;
using Instant = std::chrono::time_point<std::chrono::steady_clock, std::chrono::milliseconds>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

// Where the time comes from; tests pass a clock that they move by hand.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() const noexcept = 0;
  [[nodiscard]] virtual WallTime wall_now() const noexcept = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const noexcept override;
  [[nodiscard]] WallTime wall_now() const noexcept override;
};

// "2026-01-31T08:15:30.123Z" (RFC 3339, UTC).
[[nodiscard]] std::string to_rfc3339(WallTime time);
// The same behind what is there: lists have thousands of them. Requires a year from 0 to 9999.
void append_rfc3339(std::string& out, WallTime time);

}  // namespace limpet
