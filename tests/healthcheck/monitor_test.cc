#include "healthcheck/monitor.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/healthcheck/small_backend.h"
#include "tests/healthcheck/turning.h"
#include "tests/support/catch.h"

namespace limpet::healthcheck {
namespace {

using backends::Health;
using testing::RefusingPort;
using testing::SmallBackend;

constexpr backends::BackendId kBackend = 7;

// A directory of its own for a Unix socket and a log file: another process cannot take the address while
// nobody listens.
class Directory {
 public:
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "limpet-health-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  [[nodiscard]] std::string file(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

struct Monitoring {
  Monitoring() { rule.interval = Duration(20); }

  [[nodiscard]] Target target(std::optional<SocketAddress> address) const {
    Target made{.pool = "default", .backend = {}, .rule = rule};
    made.backend.id = kBackend;
    made.backend.spec.name = "b1";
    made.backend.spec.endpoint = *Endpoint::parse("b1.internal:3000");
    made.backend.address = std::move(address);
    made.backend.state = state;
    return made;
  }
  void watch(std::optional<SocketAddress> address) { monitor.set_targets({target(std::move(address))}); }
  [[nodiscard]] Health health() const { return state->health.load(); }
  [[nodiscard]] bool becomes(Health wanted) {
    return testing::turn_until(loop, [&] { return health() == wanted; });
  }
  // Turns for long enough for several probes.
  void let_time_pass() {
    constexpr Duration kAWhile{400};
    const Instant end = loop.now() + kAWhile;
    REQUIRE(testing::turn_until(loop, [&] { return loop.now() > end; }));
  }
  [[nodiscard]] bool is_probed() {
    return testing::turn_until(loop, [&] { return monitor.last_probe(kBackend).has_value(); });
  }

  net::UvLoop loop;
  std::unique_ptr<Log> log = Log::discard();
  settings::Health rule;
  std::shared_ptr<backends::BackendState> state = std::make_shared<backends::BackendState>();
  Monitor monitor{loop, *log, 1};
};

TEST_CASE("the first probe decides at once") {
  Monitoring test;
  SECTION("up when the backend accepts") {
    const SmallBackend backend(test.loop, testing::any_loopback_port(), {});
    test.watch(backend.address());
    CHECK(test.becomes(Health::Up));
    const auto last = test.monitor.last_probe(kBackend);
    REQUIRE(last);
    CHECK(last->ok);
    CHECK(last->detail == "connected");
  }
  SECTION("down when it refuses") {
    const RefusingPort port;
    test.rule.fall = 10;
    test.watch(port.address());
    CHECK(test.becomes(Health::Down));
    CHECK(test.monitor.last_probe(kBackend)->detail == "refused");
  }
}

TEST_CASE("a backend goes down when its listener closes and is back when it listens again") {
  Monitoring test;
  const Directory directory;
  const auto address = SocketAddress::unix_path(directory.file("backend.sock"));
  auto backend = std::make_unique<SmallBackend>(test.loop, address, SmallBackend::Options{});
  test.watch(address);
  REQUIRE(test.becomes(Health::Up));
  backend.reset();
  REQUIRE(test.becomes(Health::Down));
  CHECK_FALSE(test.monitor.last_probe(kBackend)->ok);
  test.let_time_pass();
  CHECK(test.health() == Health::Down);
  backend = std::make_unique<SmallBackend>(test.loop, address, SmallBackend::Options{});
  CHECK(test.becomes(Health::Up));
  CHECK(test.state->health_changes.up.get() == 2);
  CHECK(test.state->health_changes.down.get() == 1);
  CHECK(test.state->health_changes.ejected.get() == 0);
  CHECK(backend->accepted() >= test.rule.rise);
}

TEST_CASE("a backend that stops answering is down after fall probes") {
  Monitoring test;
  bool is_frozen = false;
  const SmallBackend backend(test.loop, testing::any_loopback_port(),
                             {.respond = [&is_frozen](std::string& heard) {
                               heard.clear();
                               return is_frozen ? std::string() : std::string("HTTP/1.1 200 OK\r\n\r\n");
                             }});
  test.rule.probe = settings::ProbeKind::Http;
  test.rule.timeout = Duration(60);
  test.watch(backend.address());
  REQUIRE(test.becomes(Health::Up));
  is_frozen = true;
  const std::size_t before = backend.accepted();
  CHECK(test.becomes(Health::Down));
  CHECK(backend.accepted() >= before + test.rule.fall - 1);
  CHECK(backend.most_open() == 1);
  is_frozen = false;
  CHECK(test.becomes(Health::Up));
}

TEST_CASE("connect failures of traffic take a backend down before a probe does") {
  Monitoring test;
  const SmallBackend backend(test.loop, testing::any_loopback_port(), {});
  test.watch(backend.address());
  REQUIRE(test.becomes(Health::Up));
  test.state->connect_failures = test.rule.fall - 1;
  test.let_time_pass();
  CHECK(test.health() == Health::Up);
  const std::size_t before = backend.accepted();
  test.state->connect_failures = test.rule.fall;
  REQUIRE(test.becomes(Health::Down));
  CHECK(test.state->connect_failures == 0);
  CHECK(test.becomes(Health::Up));
  CHECK(backend.accepted() >= before + test.rule.rise);
}

TEST_CASE("failures from before a backend came up do not count against it") {
  Monitoring test;
  const SmallBackend backend(test.loop, testing::any_loopback_port(), {});
  test.state->connect_failures = 2;
  test.watch(backend.address());
  REQUIRE(test.becomes(Health::Up));
  CHECK(test.state->connect_failures == 0);
}

TEST_CASE("a backend that is not probed stays unknown whatever traffic sees") {
  Monitoring test;
  const RefusingPort port;
  test.rule.probe = settings::ProbeKind::None;
  test.state->connect_failures = 100;
  test.watch(port.address());
  test.let_time_pass();
  CHECK(test.health() == Health::Unknown);
  CHECK_FALSE(test.monitor.last_probe(kBackend));
}

TEST_CASE("a backend without an address is down until it has one, then the first probe decides") {
  Monitoring test;
  const SmallBackend backend(test.loop, testing::any_loopback_port(), {});
  test.rule.rise = 100;
  test.watch(std::nullopt);
  CHECK(test.health() == Health::Down);
  test.watch(backend.address());
  CHECK(test.health() == Health::Down);
  CHECK(test.becomes(Health::Up));
}

TEST_CASE("a changed address keeps the health and is probed soon") {
  Monitoring test;
  const SmallBackend backend(test.loop, testing::any_loopback_port(), {});
  const RefusingPort port;
  test.rule.interval = std::chrono::hours(1);
  test.watch(backend.address());
  REQUIRE(test.becomes(Health::Up));
  test.watch(port.address());
  CHECK_FALSE(test.monitor.last_probe(kBackend));
  REQUIRE(test.is_probed());
  CHECK_FALSE(test.monitor.last_probe(kBackend)->ok);
  CHECK(test.health() == Health::Up);
}

TEST_CASE("targets that are the same go on undisturbed in the middle of a probe") {
  Monitoring test;
  test.rule.probe = settings::ProbeKind::Http;
  test.rule.timeout = std::chrono::hours(1);
  const SmallBackend silent(test.loop, testing::any_loopback_port(), {});
  test.watch(silent.address());
  REQUIRE(testing::turn_until(test.loop, [&] { return silent.open() == 1; }));
  test.watch(silent.address());
  test.let_time_pass();
  CHECK(silent.open() == 1);
  CHECK(silent.accepted() == 1);
}

TEST_CASE("a target that vanishes in the middle of a probe is forgotten") {
  Monitoring test;
  test.rule.probe = settings::ProbeKind::Http;
  test.rule.timeout = Duration(100);
  const SmallBackend silent(test.loop, testing::any_loopback_port(), {});
  test.watch(silent.address());
  REQUIRE(testing::turn_until(test.loop, [&] { return silent.open() == 1; }));
  test.monitor.set_targets({});
  test.let_time_pass();
  CHECK(silent.open() == 0);
  CHECK(silent.accepted() == 1);
  CHECK(test.health() == Health::Unknown);
  CHECK_FALSE(test.monitor.last_probe(kBackend));
}

TEST_CASE("failures of traffic keep clients away from a backend, until its time is over") {
  Monitoring test;
  test.rule.passive = {.failures = 5, .window = std::chrono::seconds(10), .eject = Duration(300)};
  const SmallBackend backend(test.loop, testing::any_loopback_port(), {});
  const SmallBackend other(test.loop, testing::any_loopback_port(), {});
  const auto watch_both = [&] {
    Target second = test.target(other.address());
    second.backend.id = kBackend + 1;
    second.backend.state = std::make_shared<backends::BackendState>();
    test.monitor.set_targets({test.target(backend.address()), second});
  };
  SECTION("with probes that call it up") {
    watch_both();
    REQUIRE(test.becomes(Health::Up));
    test.state->failures += 5;
    CHECK(test.becomes(Health::Down));
    CHECK(test.monitor.ejected_until(kBackend).has_value());
    CHECK(test.monitor.last_probe(kBackend)->ok);
    CHECK(test.becomes(Health::Up));
    CHECK_FALSE(test.monitor.ejected_until(kBackend));
  }
  SECTION("without probes") {
    test.rule.probe = settings::ProbeKind::None;
    watch_both();
    test.state->failures += 5;
    CHECK(test.becomes(Health::Down));
    CHECK(test.becomes(Health::Unknown));
  }
  SECTION("never from the only one of its pool") {
    test.watch(backend.address());
    REQUIRE(test.becomes(Health::Up));
    test.state->failures += 500;
    test.let_time_pass();
    CHECK(test.health() == Health::Up);
  }
}

TEST_CASE("a backend that comes back warms up, one that begins does not") {
  Monitoring test;
  test.rule.slow_start = std::chrono::hours(1);
  const Directory directory;
  const auto address = SocketAddress::unix_path(directory.file("backend.sock"));
  auto backend = std::make_unique<SmallBackend>(test.loop, address, SmallBackend::Options{});
  test.watch(address);
  REQUIRE(test.becomes(Health::Up));
  CHECK(test.state->share == backends::kWholeShare);
  backend.reset();
  REQUIRE(test.becomes(Health::Down));
  backend = std::make_unique<SmallBackend>(test.loop, address, SmallBackend::Options{});
  REQUIRE(test.becomes(Health::Up));
  CHECK(test.state->share == backends::kWholeShare / 10);
  test.rule.slow_start = Duration(0);
  test.watch(address);
  CHECK(testing::turn_until(test.loop, [&] { return test.state->share == backends::kWholeShare; }));
}

TEST_CASE("whoever asked is told of what probes find out, and of nothing that traffic alone has seen") {
  Monitoring test;
  std::vector<Health> told;
  test.monitor.on_change([&](const HealthChange& change) {
    CHECK(change.target.backend.id == kBackend);
    CHECK(change.when <= test.loop.now());
    told.push_back(change.to);
  });
  test.rule.passive = {.failures = 1, .window = std::chrono::seconds(10), .eject = std::chrono::hours(1)};
  auto backend =
      std::make_unique<SmallBackend>(test.loop, testing::any_loopback_port(), SmallBackend::Options{});
  Target other = test.target(backend->address());
  other.backend.id = kBackend + 1;
  other.backend.state = std::make_shared<backends::BackendState>();
  other.rule.probe = settings::ProbeKind::None;
  test.monitor.set_targets({test.target(backend->address()), other});
  REQUIRE(test.becomes(Health::Up));
  test.state->failures += 1;
  REQUIRE(test.becomes(Health::Down));
  CHECK(told == std::vector{Health::Up});
  backend.reset();
  REQUIRE(testing::turn_until(test.loop, [&] { return told.size() == 2; }));
  CHECK(told.back() == Health::Down);
  CHECK_FALSE(test.monitor.ejected_until(kBackend));
  test.monitor.set_targets({});
  CHECK(told == std::vector{Health::Up, Health::Down, Health::Unknown});
}

TEST_CASE("a change of health is one line of the log") {
  Monitoring test;
  const Directory directory;
  const std::string file = directory.file("log");
  {
    auto opened = Log::open({.level = LogLevel::Info, .format = LogFormat::Json, .file = file});
    REQUIRE(opened.ok());
    Monitor monitor(test.loop, **opened, 1);
    const SmallBackend backend(test.loop, testing::any_loopback_port(), {});
    monitor.set_targets({test.target(std::nullopt)});
    monitor.set_targets({test.target(std::nullopt)});
    monitor.set_targets({test.target(backend.address())});
    REQUIRE(test.becomes(Health::Up));
    test.let_time_pass();
  }
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  const std::string lines = text.str();
  CAPTURE(lines);
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 2);
  CHECK(lines.find(R"("from":"unknown","to":"down","detail":"no address")") != std::string::npos);
  CHECK(lines.find(R"("from":"down","to":"up","detail":"connected")") != std::string::npos);
  CHECK(lines.find(R"("backend":"b1","pool":"default")") != std::string::npos);
}

}  // namespace
}  // namespace limpet::healthcheck
