#include "base/log_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

namespace limpet {

namespace {

constexpr int kOwnerWritesGroupReads = 0640;
// How often a wait looks whether it is to end.
constexpr int kLookMs = 200;

// A pipe without a reader is refused at once, and one that is full says so instead of waiting.
int open_for_appending(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                kOwnerWritesGroupReads);
}

}  // namespace

Result<std::unique_ptr<LogFile>> LogFile::open(std::string path) {
  const int descriptor = path.empty() ? STDERR_FILENO : open_for_appending(path);
  if (descriptor < 0) {
    return system_error(errno, Side::Self, "log file " + path);
  }
  return std::unique_ptr<LogFile>(new LogFile(std::move(path), descriptor));
}

LogFile::LogFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {
  look_at_kind();
}

LogFile::~LogFile() {
  if (!path_.empty()) {
    ::close(descriptor_);
  }
}

void LogFile::look_at_kind() {
  struct stat facts {};
  is_regular_ = ::fstat(descriptor_, &facts) == 0 && S_ISREG(facts.st_mode);
}

void LogFile::add(std::string_view line) {
  gathered_.append(line).push_back('\n');
}

// A pipe takes so much as a whole or not at all; other writers of the same one stay out of our lines.
std::size_t LogFile::next_piece() const noexcept {
  if (is_regular_ || gathered_.size() <= PIPE_BUF) {
    return gathered_.size();
  }
  const std::size_t end = gathered_.rfind('\n', PIPE_BUF - 1);
  return end == std::string::npos ? PIPE_BUF : end + 1;
}

bool LogFile::await_room() {
  while (true) {
    pollfd entry{descriptor_, POLLOUT, 0};
    const int ready = ::poll(&entry, 1, has_given_up_ ? 0 : kLookMs);
    if (ready > 0) {
      return true;  // or broken, which the write tells
    }
    if (ready == 0 && is_hurried_.load(std::memory_order_relaxed)) {
      has_given_up_ = true;
      return false;
    }
  }
}

bool LogFile::flush() {
  while (!gathered_.empty()) {
    if (!is_regular_ && !await_room()) {
      drop("nobody reads it");
      return false;
    }
    const ssize_t written = ::write(descriptor_, gathered_.data(), next_piece());
    if (written > 0) {
      is_torn_ = gathered_[static_cast<std::size_t>(written) - 1] != '\n';
      gathered_.erase(0, static_cast<std::size_t>(written));
    } else if (written == 0 || (errno != EINTR && errno != EAGAIN)) {
      drop(system_error(errno, Side::Self, path_.empty() ? "standard error" : "log file " + path_).detail);
      return false;
    }
  }
  return true;
}

// The rest of a line of which the file has the begin is kept for the next time, so that no line is broken.
void LogFile::drop(std::string_view fault) {
  const std::size_t kept = is_torn_ ? gathered_.find('\n') + 1 : 0;
  const auto lines = std::count(gathered_.begin() + static_cast<std::ptrdiff_t>(kept), gathered_.end(), '\n');
  lost_.fetch_add(static_cast<std::uint64_t>(lines), std::memory_order_relaxed);
  gathered_.resize(kept);
  fault_ = fault;
}

Result<bool> LogFile::reopen() {
  if (path_.empty()) {
    return false;
  }
  flush();
  const int descriptor = open_for_appending(path_);
  if (descriptor < 0) {
    return system_error(errno, Side::Self, "log file " + path_);
  }
  ::close(std::exchange(descriptor_, descriptor));
  look_at_kind();
  gathered_.clear();
  is_torn_ = false;
  return true;
}

}  // namespace limpet
