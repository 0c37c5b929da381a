#include "console/show.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include "console/text.h"

namespace limpet::console {

std::string show(const Json& value) {
  if (value.is_null()) {
    return std::string(kAbsent);
  }
  return printable(value.is_string() ? value.get<std::string>() : value.dump());
}

std::string show(const Json& row, std::string_view name) {
  return show(field(row, name));
}

std::string show_seconds(const Json& value) {
  return value.is_number() ? show_seconds(value.get<double>()) : std::string(kAbsent);
}

std::string show_seconds(double seconds) {
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 60 * kMinute;
  constexpr std::int64_t kDay = 24 * kHour;
  constexpr double kMost = 1e15;  // whatever is longer is a mistake of whoever answered
  const auto s = static_cast<std::int64_t>(std::fmin(std::fmax(seconds, 0), kMost));
  const auto two = [](std::int64_t high, const char* unit, std::int64_t low, const char* small_unit) {
    return std::to_string(high) + unit + (low > 0 ? std::to_string(low) + small_unit : "");
  };
  if (s < kMinute) {
    return std::to_string(s) + "s";
  }
  if (s < kHour) {
    return two(s / kMinute, "m", s % kMinute, "s");
  }
  return s < kDay ? two(s / kHour, "h", s % kHour / kMinute, "m") : two(s / kDay, "d", s % kDay / kHour, "h");
}

std::string show_short(double number) {
  constexpr double kStep = 1000;
  constexpr double kRoundsUp = 999.5;
  constexpr double kOneDigit = 9.95;
  constexpr std::array<const char*, 5> kUnits{"", "k", "M", "G", "T"};
  std::size_t unit = 0;
  while (number >= kRoundsUp && unit + 1 < kUnits.size()) {
    number /= kStep;
    ++unit;
  }
  const bool is_whole = unit == 0 && number == std::floor(number);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), is_whole || number >= kOneDigit ? "%.0f%s" : "%.1f%s", number,
                kUnits[unit]);
  return text.data();
}

std::string show_backend(const Json& backend, bool is_only_pool) {
  const std::string name = show(backend, "name");
  return is_only_pool ? name : name + " of pool " + show(backend, "pool");
}

std::string plural(double count, std::string_view thing) {
  constexpr double kMost = 9e15;
  const auto whole = static_cast<std::int64_t>(std::fmin(count, kMost));
  return std::to_string(whole) + " " + std::string(thing) + (whole == 1 ? "" : "s");
}

}  // namespace limpet::console
