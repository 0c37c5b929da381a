// LogFile: where the lines of the log are written: a file that is appended to, a pipe, or standard error.
// Lines are gathered and leave together. What cannot be written (a full disk) is dropped whole lines at a
// time and counted, and the next line tries again. Owned by the Log; its thread, but where it says otherwise.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace limpet {

class LogFile {
 public:
  // More than this is not gathered.
  static constexpr std::size_t kMostGathered = std::size_t{64} * 1024;

  // An empty path is standard error. Fails when the file cannot be opened for appending.
  [[nodiscard]] static Result<std::unique_ptr<LogFile>> open(std::string path);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  // Without the line's end.
  void add(std::string_view line);
  [[nodiscard]] bool is_full() const noexcept { return gathered_.size() >= kMostGathered; }
  // Writes what was added. Waits where that is a pipe that nobody reads. False when lines were lost.
  bool flush();
  // Opens the path anew: the file that is there now may be another one. Goes on with the old one where that
  // fails. Does nothing for standard error.
  [[nodiscard]] Result<bool> reopen();

  // Any thread. Lines that could not be written so far.
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_.load(std::memory_order_relaxed); }
  // Why the last of them could not.
  [[nodiscard]] const std::string& fault() const noexcept { return fault_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  // Any thread. From now on nobody who does not read is waited for, but for a moment.
  void hurry() noexcept { is_hurried_.store(true, std::memory_order_relaxed); }

 private:
  LogFile(std::string path, int descriptor);
  void look_at_kind();
  [[nodiscard]] std::size_t next_piece() const noexcept;
  // False when it does not take more.
  [[nodiscard]] bool await_room();
  void drop(std::string_view fault);

  std::string path_;
  int descriptor_;
  bool is_regular_ = false;  // never has to be waited for
  std::string gathered_;     // begins in the middle of a line if `is_torn_`
  bool is_torn_ = false;     // the file ends in the middle of a line
  bool has_given_up_ = false;
  std::string fault_;
  std::atomic<std::uint64_t> lost_{0};
  std::atomic<bool> is_hurried_{false};
};

}  // namespace limpet
