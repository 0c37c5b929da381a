#include "net/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "tests/support/catch.h"

namespace limpet::net {
namespace {

constexpr int kPid = 4711;

Environment environment(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found != variables.end() ? found->second.c_str() : nullptr;
  };
}

// The manager's end: a bound datagram socket.
class Manager {
 public:
  explicit Manager(const std::string& name) : name_(name), socket_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(static_cast<char*>(address.sun_path), name.size());
    const bool is_abstract = name.starts_with('@');
    address.sun_path[0] = is_abstract ? '\0' : name.front();
    const auto length = offsetof(sockaddr_un, sun_path) + name.size() + (is_abstract ? 0U : 1U);
    REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address),
                   static_cast<socklen_t>(length)) == 0);
  }
  // The next word, or nothing when there is none.
  [[nodiscard]] std::string heard() const {
    std::string text(256, '\0');
    const ssize_t got = ::recv(socket_.get(), text.data(), text.size(), MSG_DONTWAIT);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  std::string name_;
  Fd socket_;
};

TEST_CASE("the service manager hears what happens, by path and by abstract name") {
  std::string folder = (std::filesystem::temp_directory_path() / "limpet-notify-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  for (const std::string& name : {folder + "/notify", "@limpet-test-" + std::to_string(getpid())}) {
    INFO(name);
    const Manager manager(name);
    const auto service = ServiceManager::from_environment(environment({{"NOTIFY_SOCKET", name}}), kPid);
    CHECK(manager.heard().empty());
    service.ready();
    CHECK(manager.heard() == "READY=1");
    service.stopping();
    CHECK(manager.heard() == "STOPPING=1");
    service.alive();
    CHECK(manager.heard() == "WATCHDOG=1");
    service.ready_as_main();
    CHECK(manager.heard() == "READY=1\nMAINPID=4711");
    service.reloading();
    const std::string reloading = manager.heard();
    CHECK(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="));
    CHECK(reloading.size() > std::string_view("RELOADING=1\nMONOTONIC_USEC=").size());
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("where nobody listens nothing happens") {
  for (const std::string& name : {std::string(), std::string("vsock:2:1234"), std::string("/no/such/socket"),
                                  "/" + std::string(200, 'x')}) {
    const auto service = ServiceManager::from_environment(environment({{"NOTIFY_SOCKET", name}}), kPid);
    service.ready();
    CHECK_FALSE(service.alive_every());
  }
  ServiceManager::from_environment(environment({}), kPid).ready();
}

TEST_CASE("the watchdog is told twice in its time, by the process it watches") {
  const auto every = [](std::map<std::string, std::string> variables) {
    variables["NOTIFY_SOCKET"] = "/run/notify";
    return ServiceManager::from_environment(environment(std::move(variables)), kPid).alive_every();
  };
  CHECK(every({{"WATCHDOG_USEC", "10000000"}}) == std::chrono::seconds(5));
  CHECK(every({{"WATCHDOG_USEC", "10000000"}, {"WATCHDOG_PID", "4711"}}) == std::chrono::seconds(5));
  CHECK_FALSE(every({{"WATCHDOG_USEC", "10000000"}, {"WATCHDOG_PID", "4712"}}));
  CHECK(every({{"WATCHDOG_USEC", "1"}}) == Duration(1));
  for (const char* const wrong : {"", "0", "-1", "10s", "99999999999999999999999"}) {
    CHECK_FALSE(every({{"WATCHDOG_USEC", wrong}}));
  }
}

TEST_CASE("sockets are taken by the process they were opened for alone") {
  using Names = std::vector<std::string>;
  const auto names = [](std::map<std::string, std::string> variables) {
    return activated_names(environment(std::move(variables)), kPid);
  };
  CHECK(names({}).empty());
  CHECK(names({{"LISTEN_FDS", "1"}}).empty());
  CHECK(names({{"LISTEN_FDS", "1"}, {"LISTEN_PID", "4712"}}).empty());
  CHECK(names({{"LISTEN_FDS", "5000"}, {"LISTEN_PID", "4711"}}).empty());
  CHECK(names({{"LISTEN_FDS", "two"}, {"LISTEN_PID", "4711"}}).empty());
  CHECK(names({{"LISTEN_FDS", "2"}, {"LISTEN_PID", "4711"}}) == Names{"unknown", "unknown"});
  CHECK(names({{"LISTEN_FDS", "3"}, {"LISTEN_PID", "4711"}, {"LISTEN_FDNAMES", "web:admin"}}) ==
        Names{"web", "admin", "unknown"});
}

}  // namespace
}  // namespace limpet::net
