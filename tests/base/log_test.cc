// The log where it is written: files that are renamed, disks that are full, pipes that nobody reads.

#include "base/log.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/catch.h"

using namespace limpet;

namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "limpet-log-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::string file(std::string_view name) const { return path_ / name; }

 private:
  fs::path path_;
};

// A disk that is full as soon as a file has so many bytes; has room again when this is gone.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
    const rlimit bound{bytes, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &bound) == 0);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

// A pipe with a name, which somebody has open and does not read.
class Pipe {
 public:
  explicit Pipe(const std::string& path) {
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    end_ = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(end_ >= 0);
  }
  ~Pipe() { ::close(end_); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  // What is in it now.
  std::string read() const {
    std::string all;
    std::array<char, 65536> piece{};
    for (ssize_t got = 0; (got = ::read(end_, piece.data(), piece.size())) > 0;) {
      all.append(piece.data(), static_cast<std::size_t>(got));
    }
    return all;
  }

 private:
  int end_ = -1;
};

std::unique_ptr<Log> log_to(const std::string& file) {
  auto log = Log::open({.format = LogFormat::Text, .file = file});
  REQUIRE(log.ok());
  return std::move(log).value();
}

std::string content(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The events in it, without their times and levels.
std::vector<std::string> events(const std::string& text) {
  std::vector<std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string time;
    std::string level;
    std::string event;
    REQUIRE(words >> time >> level >> event);
    found.push_back(event);
  }
  return found;
}

bool happens(const std::function<bool()>& event) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!event()) {
    if (std::chrono::steady_clock::now() > until) {
      return false;
    }
    std::this_thread::yield();
  }
  return true;
}

std::uintmax_t size_of(const std::string& file) {
  return fs::file_size(file);
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

using Events = std::vector<std::string>;

}  // namespace

TEST_CASE("a log is written to its end, in order, behind what is there") {
  const Folder folder;
  const std::string file = folder.file("log");
  constexpr int kLines = 1000;
  for (int run = 0; run < 2; ++run) {
    const auto log = log_to(file);
    for (int i = 0; i < kLines; ++i) {
      log->info("line", {{"number", run * kLines + i}});
    }
    log->debug("unasked", {});
  }
  std::istringstream lines(content(file));
  int number = 0;
  for (std::string line; std::getline(lines, line); ++number) {
    REQUIRE(line.ends_with(" info    line number=" + std::to_string(number)));
  }
  CHECK(number == 2 * kLines);
}

TEST_CASE("a log file that was renamed is followed by a new one of its name") {
  const Folder folder;
  const std::string file = folder.file("log");
  {
    const auto log = log_to(file);
    log->info("before", {});
    REQUIRE(happens([&] { return has(content(file), "before"); }));
    fs::rename(file, folder.file("log.1"));
    log->info("still_there", {});
    REQUIRE(happens([&] { return has(content(folder.file("log.1")), "still_there"); }));
    log->reopen();
    log->info("behind", {});
  }
  CHECK(events(content(folder.file("log.1"))) == Events{"before", "still_there"});
  CHECK(events(content(file)) == Events{"log_reopened", "behind"});
}

TEST_CASE("a log that cannot be opened anew goes on in the old file, and says so") {
  const Folder folder;
  fs::create_directory(folder.file("old"));
  {
    const auto log = log_to(folder.file("old/log"));
    fs::rename(folder.file("old"), folder.file("moved"));
    log->reopen();
    log->info("behind", {});
  }
  CHECK(events(content(folder.file("moved/log"))) == Events{"log_not_reopened", "behind"});
}

TEST_CASE("a folder that is not there is an error, not a folder that is made") {
  const Folder folder;
  const auto log = Log::open({.file = folder.file("nowhere/log")});
  REQUIRE_FALSE(log.ok());
  CHECK(has(log.error().detail, "nowhere/log"));
  CHECK_FALSE(fs::exists(folder.file("nowhere")));
}

TEST_CASE("lines that a full disk does not take are counted, and told when it has room") {
  const Folder folder;
  const std::string file = folder.file("log");
  constexpr rlim_t kRoom = 200;
  {
    const auto log = log_to(file);
    {
      const FullDisk disk(kRoom);
      while (log->lines_lost() < 3) {
        const auto [size, lost] = std::pair(size_of(file), log->lines_lost());
        log->info("before", {});
        REQUIRE(happens(
            [&, size = size, lost = lost] { return size_of(file) > size || log->lines_lost() > lost; }));
      }
    }
    CHECK(size_of(file) == kRoom);
    log->info("behind", {});
    REQUIRE(happens([&] { return has(content(file), "log_lines_lost"); }));
    log->info("later", {});
  }
  const std::string all = content(file);
  const Events told = events(all);  // every line is whole: the one that was under way was completed
  REQUIRE(told.size() >= 3);
  CHECK(Events(told.end() - 3, told.end()) == Events{"behind", "log_lines_lost", "later"});
  CHECK(std::count(told.begin(), told.end(), "log_lines_lost") == 1);
  CHECK(has(all, "queue_full=0"));
  CHECK(has(all, "File too large"));
}

TEST_CASE("a device that is always full stops nobody") {
  const auto log = log_to("/dev/full");
  log->info("first", {});
  log->info("second", {});
  CHECK(happens([&] { return log->lines_lost() == 2; }));
}

TEST_CASE("a pipe that nobody reads keeps no writer waiting, and what is lost is told once it is read") {
  const Folder folder;
  const Pipe pipe(folder.file("log"));
  const auto log = log_to(folder.file("log"));
  const std::string filler(200, 'x');
  std::uint64_t written = 0;
  while (log->lines_lost() < 1000) {
    log->info("line", {{"filler", filler}});
    ++written;
  }
  std::string all;
  // It is told before the lines that the queue still had.
  std::uint64_t arrived = 0;
  REQUIRE(happens([&] {
    all += pipe.read();
    const Events told = events(all);
    arrived = static_cast<std::uint64_t>(std::count(told.begin(), told.end(), "line"));
    return has(all, "log_lines_lost") && arrived == written - log->lines_lost();
  }));
  CHECK(has(all, "queue_full=" + std::to_string(log->lines_lost()) + " not_written=0"));
}

TEST_CASE("a log ends although nobody reads its pipe") {
  const Folder folder;
  const Pipe pipe(folder.file("log"));
  auto log = log_to(folder.file("log"));
  const std::string filler(500, 'x');
  for (std::size_t i = 0; i < 2 * Log::kMostQueued; ++i) {
    log->info("line", {{"filler", filler}});
  }
  log.reset();
  CHECK(has(pipe.read(), "line"));
}

TEST_CASE("a pipe without a reader is an error at once") {
  const Folder folder;
  REQUIRE(::mkfifo(folder.file("log").c_str(), 0600) == 0);
  CHECK_FALSE(Log::open({.file = folder.file("log")}).ok());
}
