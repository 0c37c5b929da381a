// Log: one line an event, as JSON or text, written by a thread of its own so that no caller ever waits for a
// disk. Owned by the app, passed in by reference. Any thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

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

class Log {
 public:
  struct Options {
    LogLevel level = LogLevel::Info;
    LogFormat format = LogFormat::Json;
    std::string file;  // empty: standard error
  };

  // Fails when the file cannot be opened for appending.
  [[nodiscard]] static Result<std::unique_ptr<Log>> open(const Options& options);
  // A log that keeps nothing, for tests.
  [[nodiscard]] static std::unique_ptr<Log> discard();
  ~Log();  // writes what is still queued
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  [[nodiscard]] bool enabled(LogLevel level) const noexcept { return level >= level_; }
  // `event` is a fixed word ("session_end"); the oldest queued line is dropped when the queue is full.
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields);
  void debug(std::string_view event, std::initializer_list<LogField> fields) {
    write(LogLevel::Debug, event, fields);
  }
  void info(std::string_view event, std::initializer_list<LogField> fields) {
    write(LogLevel::Info, event, fields);
  }
  void warning(std::string_view event, std::initializer_list<LogField> fields) {
    write(LogLevel::Warning, event, fields);
  }
  void error(std::string_view event, std::initializer_list<LogField> fields) {
    write(LogLevel::Error, event, fields);
  }

 private:
  struct Sink;
  Log(LogLevel level, LogFormat format, std::unique_ptr<Sink> sink);

  LogLevel level_;
  LogFormat format_;
  std::unique_ptr<Sink> sink_;
};

}  // namespace limpet
