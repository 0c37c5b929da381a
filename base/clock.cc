#include "base/clock.h"

#include <cstddef>

namespace limpet {

namespace {

// Exactly so many digits, and what stands behind them.
void append_digits(std::string& out, std::int64_t number, std::size_t digits, char behind) {
  constexpr int kBase = 10;
  const std::size_t before = out.size();
  out.append(digits, '0').push_back(behind);
  for (std::size_t i = before + digits; i > before; number /= kBase) {
    out[--i] = static_cast<char>('0' + number % kBase);
  }
}

}  // namespace

Instant SystemClock::now() const noexcept {
  return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

WallTime SystemClock::wall_now() const noexcept {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

std::string to_rfc3339(WallTime time) {
  std::string text;
  append_rfc3339(text, time);
  return text;
}

// strftime() and snprintf() take 20 times as long.
void append_rfc3339(std::string& out, WallTime time) {
  constexpr std::size_t kDateDigits = 2;
  constexpr std::size_t kYearDigits = 4;
  constexpr std::size_t kMilliDigits = 3;
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  append_digits(out, static_cast<int>(date.year()), kYearDigits, '-');
  append_digits(out, static_cast<unsigned>(date.month()), kDateDigits, '-');
  append_digits(out, static_cast<unsigned>(date.day()), kDateDigits, 'T');
  append_digits(out, clock.hours().count(), kDateDigits, ':');
  append_digits(out, clock.minutes().count(), kDateDigits, ':');
  append_digits(out, clock.seconds().count(), kDateDigits, '.');
  append_digits(out, clock.subseconds().count(), kMilliDigits, 'Z');
}

}  // namespace limpet
