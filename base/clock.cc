#include "base/clock.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace limpet {

Instant SystemClock::now() const noexcept {
  return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

WallTime SystemClock::wall_now() const noexcept {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

std::string to_rfc3339(WallTime time) {
  const auto since_epoch = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const auto millis = (since_epoch - seconds).count();
  const auto native = static_cast<std::time_t>(seconds.count());
  std::tm parts{};
  gmtime_r(&native, &parts);
  std::array<char, 64> date{};
  const std::size_t length = std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>(millis));
  return std::string(date.data(), length) + fraction.data();
}

}  // namespace limpet
