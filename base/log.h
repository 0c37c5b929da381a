// Log: one line an event, as JSON or text, written by a thread of its own so that no caller ever waits for a
// disk. Owned by the app, passed in by reference. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/log_line.h"
#include "base/result.h"

namespace limpet {

class Log {
 public:
  // Lines that wait for the thread at most.
  static constexpr std::size_t kMostQueued = 8192;

  struct Options {
    LogLevel level = LogLevel::Info;
    LogFormat format = LogFormat::Json;
    std::string file;  // empty: standard error
  };

  // Fails when the file cannot be opened for appending.
  [[nodiscard]] static Result<std::unique_ptr<Log>> open(const Options& options);
  // A log that keeps nothing, for tests.
  [[nodiscard]] static std::unique_ptr<Log> discard();
  ~Log();  // writes what is still queued; a pipe that nobody reads is not waited for
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  [[nodiscard]] bool enabled(LogLevel level) const noexcept { return level >= level_; }
  // `event` is a fixed word ("session_end"); the oldest queued line is dropped when the queue is full.
  void write(LogLevel level, std::string_view event, LogFields fields);
  void debug(std::string_view event, LogFields fields) { write(LogLevel::Debug, event, fields); }
  void info(std::string_view event, LogFields fields) { write(LogLevel::Info, event, fields); }
  void warning(std::string_view event, LogFields fields) { write(LogLevel::Warning, event, fields); }
  void error(std::string_view event, LogFields fields) { write(LogLevel::Error, event, fields); }

  // The file was renamed: a new one of that name is written from now on, with what is queued still. Nothing
  // without a file.
  void reopen();

  // Lines that nobody will read, so far: the queue or the disk was full. The log tells of them once there is
  // room again (`log_lines_lost`).
  [[nodiscard]] std::uint64_t lines_lost() const;

 private:
  class Writer;
  struct Thread;
  Log(LogLevel level, LogFormat format, std::unique_ptr<Thread> thread);

  LogLevel level_;
  LogFormat format_;
  std::unique_ptr<Thread> thread_;  // null: keeps nothing
};

}  // namespace limpet
