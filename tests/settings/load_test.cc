#include "settings/load.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/settings/loading.h"

using namespace limpet;
using namespace limpet::settings;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

std::string only_problem_of_file(const std::string& path) {
  const Loaded loaded = load_file(path);
  REQUIRE(std::holds_alternative<Problems>(loaded));
  REQUIRE(std::get<Problems>(loaded).size() == 1);
  return std::get<Problems>(loaded).front().to_string();
}

// A file that is gone with the test.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& content) {
    std::string pattern = (std::filesystem::temp_directory_path() / "limpet-settings-XXXXXX").string();
    const int descriptor = ::mkstemp(pattern.data());
    REQUIRE(descriptor >= 0);
    ::close(descriptor);
    path_ = pattern;
    std::ofstream(path_) << content;
  }
  ~ScratchFile() { std::filesystem::remove(path_); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("the smallest file gets the default of everything else") {
  const Settings settings = accepted(kBase);
  Settings expected;
  expected.listeners = {{{"127.0.0.1", 8080, {}}, "default"}};
  Pool pool;
  pool.name = "default";
  pool.backends = {{"127.0.0.1:3000", {"127.0.0.1", 3000, {}}, 1, 0}};
  expected.pools = {pool};
  CHECK(settings == expected);
}

TEST_CASE("every value of a file arrives in its field") {
  const Settings settings = accepted(kBase + R"(
workers: 4
admin: {bind: "unix:/run/limpet.sock"}
trusted_proxies: [10.0.0.0/8, ::1]
drain: {close_code: 1001, reason: bye, rate: 5/m, grace: 0s}
upgrade: {grace: 90s}
state: {store: memory, file: off}
publish: {enabled: true, max_bytes: 1KiB, rate: 50/s, queue: 3KiB, slow_client: wait}
limits:
  {sessions: 5, sessions_per_client: 3, handshakes_per_client: 300/m, head_bytes: 8KiB, headers: 7,
   websocket_origins: ["*.example.com"]}
timeouts: {head: 1s, connect: 2ms, handshake: 7s, response: 3m, idle: 4h, keep_alive: 5d, body: 6s}
retries: 0
log: {level: debug, file: /var/log/limpet.log, format: text, access: false}
)");
  CHECK(settings.workers == 4);
  CHECK(settings.admin_bind == Endpoint{{}, 0, "/run/limpet.sock"});
  CHECK(settings.trusted_proxies ==
        std::vector<IpNetwork>{*IpNetwork::parse("10.0.0.0/8"), *IpNetwork::parse("::1/128")});
  CHECK(settings.pools.at(0).drain == Drain{1001, "bye", {5, std::chrono::minutes(1)}, seconds(0)});
  CHECK(settings.upgrade_grace == seconds(90));
  CHECK(settings.state.file == std::nullopt);
  CHECK(settings.publish == Publish{true, 1024, {50, seconds(1)}, 3072, SlowClient::Wait});
  CHECK(settings.limits == Limits{.sessions = 5,
                                  .sessions_per_client = 3,
                                  .handshakes_per_client = {300, std::chrono::minutes(1)},
                                  .head_bytes = 8192,
                                  .headers = 7,
                                  .websocket_origins = {*OriginPattern::parse("*.example.com")}});
  CHECK(settings.timeouts ==
        Timeouts{seconds(1), milliseconds(2), seconds(7), seconds(180), hours(4), hours(120), seconds(6)});
  CHECK(settings.retries == 0);
  CHECK(settings.log == LogSettings{LogLevel::Debug, "/var/log/limpet.log", LogFormat::Text, false});
}

TEST_CASE("every value of affinity and health arrives in its field") {
  const Settings settings = accepted(kBase + R"(
affinity:
  {by: "header:X-User", fallback: client_ip, balance: hash, load_factor: 0, ipv4_prefix: 24, ipv6_prefix: 48, ttl: 2h,
   max_entries: 9, strict: true,
   cookie: {name: c, path: /c, domain: d, same_site: none, secure: "false", http_only: false, max_age: 1d,
            secret_file: s}}
health: {probe: websocket, path: /h, expect: 204, interval: 1s, timeout: 2s, fall: 4, rise: 5,
         passive: {failures: 6, window: 7s, eject: 8s}, on_down: keep, close_after: 9s, slow_start: 10s}
)");
  Affinity affinity;
  affinity.by = AffinityBy::Header;
  affinity.by_name = "x-user";
  affinity.fallback = AffinityFallback::ClientIp;
  affinity.balance = Balance::Hash;
  affinity.load_factor = 0;
  affinity.ipv4_prefix = 24;
  affinity.ipv6_prefix = 48;
  affinity.ttl = hours(2);
  affinity.max_entries = 9;
  affinity.strict = true;
  affinity.cookie = {"c", "/c", "d", SameSite::None, CookieSecure::Off, false, hours(24), "s"};
  CHECK(settings.pools.at(0).affinity == affinity);
  CHECK(settings.pools.at(0).health == Health{ProbeKind::WebSocket,
                                              "/h",
                                              {204, 204},
                                              seconds(1),
                                              seconds(2),
                                              4,
                                              5,
                                              {6, seconds(7), seconds(8)},
                                              OnDown::Keep,
                                              seconds(9),
                                              seconds(10)});
}

TEST_CASE("off turns the admin endpoint off") {
  CHECK_FALSE(accepted(kBase + "admin: {bind: off}\n").admin_bind);
}

TEST_CASE("an address alone is a backend") {
  const Settings settings =
      accepted("listeners: [{bind: 127.0.0.1:0}]\nbackends:\n  - app:1\n  - unix:/run/app\n");
  const auto& backends = settings.pools.at(0).backends;
  REQUIRE(backends.size() == 2);
  CHECK(backends[0] == Backend{"app:1", {"app", 1, {}}, 1, 0});
  CHECK(backends[1] == Backend{"unix:/run/app", {{}, 0, "/run/app"}, 1, 0});
}

TEST_CASE("a pool overrides the top-level affinity and health key by key") {
  const Settings settings = accepted(R"(
pools:
  a:
    backends: [a:1]
    affinity: {by: client_ip, cookie: {name: a}}
    health: {fall: 9}
  b:
    backends: [b:1]
listeners: [{bind: "127.0.0.1:1", pool: a}]
affinity: {ttl: 5m, by: none, max_entries: 77, cookie: {path: /x}}
health: {rise: 8}
)");
  REQUIRE(settings.pools.size() == 2);
  const Pool& a = settings.pools[0];
  const Pool& b = settings.pools[1];
  CHECK(a.name == "a");
  CHECK(a.affinity.by == AffinityBy::ClientIp);
  CHECK(a.affinity.ttl == std::chrono::minutes(5));
  CHECK(a.affinity.max_entries == 77);
  CHECK(a.affinity.cookie.name == "a");
  CHECK(a.affinity.cookie.path == "/x");
  CHECK(a.health.fall == 9);
  CHECK(a.health.rise == 8);
  CHECK(b.affinity.by == AffinityBy::None);
  CHECK(b.affinity.max_entries == 77);
  CHECK(b.affinity.cookie.name == "limpet");
  CHECK(b.health.fall == 3);
}

TEST_CASE("top-level backends and further pools stand side by side") {
  const Settings settings =
      accepted(kBase + "pools: {chat: {backends: [c:1]}, default: {affinity: {strict: true}}}\n");
  REQUIRE(settings.pools.size() == 2);
  CHECK(settings.pools[0].name == "default");
  CHECK(settings.pools[0].backends.size() == 1);
  CHECK(settings.pools[0].affinity.strict);
  CHECK(settings.pools[1].name == "chat");
  CHECK_FALSE(settings.pools[1].affinity.strict);
}

TEST_CASE("one name may be used in two pools") {
  accepted(
      "listeners: [{bind: 127.0.0.1:1, pool: a}]\npools: {a: {backends: [x:1]}, b: {backends: [x:1]}}\n");
}

TEST_CASE("with routes and without a pool called default, what no route takes goes nowhere") {
  const std::string pools = "pools: {a: {backends: [x:1]}}\nroutes: [{path: /a, pool: a}]\n";
  CHECK(accepted("listeners: [{bind: 127.0.0.1:1}]\n" + pools).listeners.at(0).pool.empty());
  CHECK(accepted("listeners: [{bind: 127.0.0.1:1, pool: a}]\n" + pools).listeners.at(0).pool == "a");
}

TEST_CASE("a listener may name no pool although there is a default one") {
  const Settings settings = accepted(
      "listeners: [{bind: 127.0.0.1:1, pool: \"\"}]\nbackends: [x:1]\nroutes: [{path: /a, pool: default}]\n");
  CHECK(settings.listeners.at(0).pool.empty());
}

TEST_CASE("several listeners may let the kernel choose their port") {
  CHECK(
      accepted("listeners: [{bind: 127.0.0.1:0}, {bind: 127.0.0.1:0}]\nbackends: [x:1]\n").listeners.size() ==
      2);
}

TEST_CASE("routes keep their order") {
  const Settings settings =
      accepted(kBase + "routes: [{host: B, pool: default}, {path: /a/, pool: default}]\n");
  CHECK(settings.routes == std::vector<Route>{{"b", "", "default"}, {"", "/a", "default"}});
}

TEST_CASE("environment variables make values of every type") {
  ::setenv("LIMPET_TEST_PORT", "3100", 1);
  const Settings settings = accepted(
      "listeners: [{bind: \"127.0.0.1:${LIMPET_TEST_NONE:-81}\"}]\nbackends:\n  - app:${LIMPET_TEST_PORT}\n"
      "retries: ${LIMPET_TEST_NONE:-7}\nlog: {file: '$${x}'}\n");
  CHECK(settings.listeners.at(0).bind.port == 81);
  CHECK(settings.pools.at(0).backends.at(0).address.port == 3100);
  CHECK(settings.retries == 7);
  CHECK(settings.log.file == "${x}");
}

TEST_CASE("a file is read from its path, which its problems name") {
  const ScratchFile good(kBase);
  CHECK(std::holds_alternative<Settings>(load_file(good.path())));
  const ScratchFile bad(kBase + "workers: x\n");
  CHECK(only_problem_of_file(bad.path()).starts_with(bad.path() + ":5:10: workers: expected auto"));
}

TEST_CASE("a path that is no readable file is a problem of the file as a whole") {
  CHECK(only_problem_of_file("/nonexistent/limpet.yaml") ==
        "/nonexistent/limpet.yaml: cannot be opened: No such file or directory");
  CHECK(only_problem_of_file("/") == "/: expected a file, found a directory");
}

TEST_CASE("a file without end is refused") {
  CHECK(only_problem_of_file("/dev/zero") == "/dev/zero: expected at most 1MiB, found a larger file");
}
