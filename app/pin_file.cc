#include "app/pin_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string_view>

#include "base/text.h"

namespace limpet::app {

namespace {

constexpr mode_t kOwnerOnly = 0600;
constexpr std::size_t kReadBytes = std::size_t{256} * 1024;
// Twenty times what a full table takes: a larger one was never ours, and reading it would hold up the start.
constexpr off_t kMaxFileBytes = off_t{1} << 30U;

Error file_error(int error_number, std::string_view what, const std::string& path) {
  Error error = system_error(error_number, Side::Self, std::string(what) + " " + path);
  error.code = ErrorCode::Io;
  return error;
}

Error damage(const std::string& path, const std::string& problem) {
  return Error{ErrorCode::Malformed, Side::Self, path + ": " + problem};
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

// Bytes of the file at `offset`; empty at its end.
Result<std::string_view> read_piece(const net::Fd& file, const std::string& path, std::string& buffer,
                                    off_t offset) {
  for (;;) {
    const ssize_t got = ::pread(file.get(), buffer.data(), buffer.size(), offset);
    if (got >= 0) {
      return std::string_view(buffer).substr(0, static_cast<std::size_t>(got));
    }
    if (errno != EINTR) {
      return file_error(errno, "cannot read", path);
    }
  }
}

using Take = std::function<void(const affinity::PinReader&)>;

// Reads it from start to end; `take` may be empty.
Result<bool> pass_through(const net::Fd& file, const std::string& path, const Take& take) {
  using Step = affinity::PinReader::Step;
  affinity::PinReader reader;
  std::string buffer(kReadBytes, '\0');
  Step step = Step::NeedMore;
  for (off_t offset = 0; step != Step::Refused;) {
    const auto piece = read_piece(file, path, buffer, offset);
    if (!piece.ok()) {
      return piece.error();
    }
    if (piece->empty()) {
      step = reader.finish();
      break;
    }
    offset += static_cast<off_t>(piece->size());
    reader.add(*piece);
    while ((step = reader.next()) == Step::Pin) {
      if (take) {
        take(reader);
      }
    }
  }
  return step == Step::End ? Result<bool>(true) : damage(path, reader.problem());
}

std::optional<Error> write_all(const net::Fd& file, const std::string& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return file_error(errno, "cannot write", path);
    }
    bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(0, written)));
  }
  return std::nullopt;
}

// A file system that cannot do it (EINVAL) has nothing to be asked for.
bool is_on_disk(const net::Fd& file) {
  return ::fsync(file.get()) == 0 || errno == EINVAL;
}

std::optional<Error> write_new(const std::string& path, const std::vector<std::string>& pieces) {
  const net::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, kOwnerOnly));
  if (!file.valid()) {
    return file_error(errno, "cannot make", path);
  }
  ::fchmod(file.get(), kOwnerOnly);  // one that was left over may have had other rights
  for (const std::string& piece : pieces) {
    if (auto error = write_all(file, path, piece)) {
      return error;
    }
  }
  if (!is_on_disk(file)) {
    return file_error(errno, "cannot write", path);
  }
  return std::nullopt;
}

std::string boot_id() {
  const net::Fd file(::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  std::string text(64, '\0');
  const ssize_t got = file.valid() ? ::read(file.get(), text.data(), text.size()) : 0;
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  while (text.ends_with('\n')) {
    text.pop_back();
  }
  return text;
}

}  // namespace

std::optional<std::string> pin_file_of(const settings::Settings& settings) {
  const bool has_pins = std::ranges::any_of(settings.pools, [](const settings::Pool& pool) {
    return pool.affinity.by != settings::AffinityBy::None;
  });
  if (!settings.state.file || !has_pins) {
    return std::nullopt;
  }
  if (!settings.state.file->empty()) {
    return settings.state.file;
  }
  const std::filesystem::path key_file(settings.pools.front().affinity.cookie.secret_file);
  return (key_file.parent_path() / "pins.state").string();
}

affinity::PinStamp pin_stamp(WallTime now) {
  constexpr long kNanosecondsAMillisecond = 1'000'000;
  timespec since_boot{};
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  return {.wall = now,
          .since_boot = std::chrono::seconds(since_boot.tv_sec) +
                        Duration(since_boot.tv_nsec / kNanosecondsAMillisecond),
          .boot = boot_id()};
}

Result<net::Fd> lock_pin_file(const std::string& path) {
  const std::string lock = path + ".lock";
  net::Fd file(::open(lock.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, kOwnerOnly));
  if (!file.valid()) {
    return file_error(errno, "cannot make", lock);
  }
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    return errno == EWOULDBLOCK
               ? Error{ErrorCode::Unavailable, Side::Self, "another process keeps its pins in " + path}
               : file_error(errno, "cannot lock", lock);
  }
  return file;
}

Result<bool> read_pin_file(const std::string& path, const Take& take) {
  const net::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) {
    return errno == ENOENT ? Result<bool>(false) : file_error(errno, "cannot open", path);
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return Error{ErrorCode::Io, Side::Self, path + " is not an ordinary file"};
  }
  if (status.st_size > kMaxFileBytes) {
    return damage(path, "it is larger than any file of pins");
  }
  auto is_sound = pass_through(file, path, {});
  return is_sound.ok() ? pass_through(file, path, take) : is_sound;
}

Result<std::string> keep_aside(const std::string& path) {
  std::string aside = path + ".damaged";
  if (::rename(path.c_str(), aside.c_str()) != 0) {
    return file_error(errno, "cannot rename", path);
  }
  return aside;
}

Result<std::uint64_t> replace_pin_file(const std::string& path, const std::vector<std::string>& pieces) {
  const std::string fresh = path + ".new";
  if (auto error = write_new(fresh, pieces)) {
    ::unlink(fresh.c_str());
    return std::move(*error);
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) {
    Error error = file_error(errno, "cannot replace", path);
    ::unlink(fresh.c_str());
    return error;
  }
  const net::Fd folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid() || !is_on_disk(folder)) {
    return file_error(errno, "cannot write the folder of", path);
  }
  std::uint64_t size = 0;
  for (const std::string& piece : pieces) {
    size += piece.size();
  }
  return size;
}

}  // namespace limpet::app
