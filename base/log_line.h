// An event of the log as a line, JSON or text. Pure. Any thread.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"

namespace limpet {

enum class LogLevel : std::uint8_t { Debug, Info, Warning, Error, Off };
enum class LogFormat : std::uint8_t { Json, Text };

// One named value of an event. The text is borrowed for the call.
struct LogField {
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  template <typename T>
  LogField(std::string_view field_name, const T& field_value)
      : name(field_name), value(convert(field_value)) {}

  std::string_view name;
  Value value;

 private:
  template <typename T>
  static Value convert(const T& value) {
    if constexpr (std::same_as<T, bool>) {
      return value;
    } else if constexpr (std::floating_point<T>) {
      return static_cast<double>(value);
    } else if constexpr (std::signed_integral<T>) {
      return static_cast<std::int64_t>(value);
    } else if constexpr (std::unsigned_integral<T>) {
      return static_cast<std::uint64_t>(value);
    } else {
      return std::string_view(value);
    }
  }
};

using LogFields = std::initializer_list<LogField>;

// Of a longer text the begin is written, and "..." behind it: what a client sends must not fill the queue.
inline constexpr std::size_t kMostLoggedText = 1024;

// Without the line's end. `event` is a fixed word.
[[nodiscard]] std::string log_line(LogFormat format, LogLevel level, std::string_view event, LogFields fields,
                                   WallTime at);

}  // namespace limpet
