#include "tests/cost/counted_limpet.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "tests/support/catch.h"
#include "tests/support/wire.h"

namespace limpet::test {

namespace {

// The worker and control: each waits in its own epoll_wait when it has nothing to do.
constexpr std::uint64_t kLoops = 2;

}  // namespace

CountedLimpet::Process::~Process() {
  if (id > 0) {
    ::kill(id, SIGKILL);
    ::waitpid(id, nullptr, 0);
  }
}

CountedLimpet::CountedLimpet(const SocketAddress& backend) {
  std::string folder = std::filesystem::temp_directory_path() / "limpet-cost-XXXXXX";
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  folder_ = folder;
  write_configuration(backend);
  map_counts();
  start();
  learn_address();
}

CountedLimpet::~CountedLimpet() {
  ::munmap(counts_, sizeof(cost::Counts));
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

// Nothing in it acts by itself: no probes, no log lines while it serves.
void CountedLimpet::write_configuration(const SocketAddress& backend) const {
  std::ofstream(folder_ / "limpet.yaml")
      << "workers: 1\n"
         "listeners: [{bind: 127.0.0.1:0}]\n"
         "admin: {bind: off}\n"
         "backends: [{address: "
      << backend.to_string() << "}]\naffinity: {cookie: {secret_file: " << (folder_ / "cookie.key").string()
      << "}}\nhealth: {probe: none}\nlog: {level: info, access: false}\n";
}

void CountedLimpet::map_counts() {
  const net::Fd file(::open((folder_ / "counts").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
  REQUIRE(::ftruncate(file.get(), sizeof(cost::Counts)) == 0);
  void* const memory =
      ::mmap(nullptr, sizeof(cost::Counts), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  REQUIRE(memory != MAP_FAILED);
  counts_ = static_cast<cost::Counts*>(memory);  // zeroes are valid counts
}

void CountedLimpet::start() {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  log_ = net::Fd(ends[0]);
  const net::Fd written(ends[1]);
  process_.id = ::fork();
  REQUIRE(process_.id >= 0);
  if (process_.id == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // it may not outlive a test that crashes
    ::dup2(written.get(), STDERR_FILENO);
    ::setenv("LD_PRELOAD", LIMPET_COST_PRELOAD, 1);
    ::setenv(cost::kCountsVariable, (folder_ / "counts").c_str(), 1);
    ::execl(LIMPET_BINARY, LIMPET_BINARY, "run", (folder_ / "limpet.yaml").c_str(), nullptr);
    ::_exit(EXIT_FAILURE);
  }
}

// It logs where it listens.
void CountedLimpet::learn_address() {
  const std::string_view before = R"("event":"listening","address":")";
  std::string log;
  std::size_t begin = std::string::npos;
  std::size_t end = std::string::npos;
  while (end == std::string::npos) {
    pollfd entry{log_.get(), POLLIN, 0};
    std::array<char, 4096> buffer{};
    const bool more = ::poll(&entry, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) > 0;
    const ssize_t got = more ? ::read(log_.get(), buffer.data(), buffer.size()) : 0;
    INFO(LIMPET_BINARY << " does not listen; it says: " << log);
    REQUIRE(got > 0);
    log.append(buffer.data(), static_cast<std::size_t>(got));
    begin = log.find(before);
    end = begin == std::string::npos ? begin : log.find('"', begin + before.size());
  }
  begin += before.size();
  const auto endpoint = Endpoint::parse(log.substr(begin, end - begin));
  REQUIRE(endpoint.ok());
  address_ = *endpoint->literal();
}

// A loop that has seen all that came is back in its wait, and stays there but for its tick.
void CountedLimpet::wait_until_idle() const {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (counts_->waiting.load(std::memory_order_acquire) != kLoops) {
    if (std::chrono::steady_clock::now() > deadline) {
      FAIL("limpet is busy without a reason, or does not wait in epoll_wait");
    }
    std::this_thread::yield();
  }
}

CallCounts CountedLimpet::calls_so_far() const {
  wait_until_idle();
  CallCounts taken{};
  for (std::size_t i = 0; i < taken.size(); ++i) {
    taken[i] = counts_->made[i].load(std::memory_order_relaxed);
  }
  return taken;
}

}  // namespace limpet::test
