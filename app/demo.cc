#include "app/demo.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "app/demo_backend.h"
#include "app/exit_codes.h"
#include "app/serve.h"
#include "net/listener.h"
#include "net/mailbox.h"
#include "settings/load.h"
#include "settings/values.h"

namespace limpet::app {

namespace {

constexpr int kBackends = 3;

// The echo backends on a thread of their own, as if they were other machines.
class DemoBackends {
 public:
  DemoBackends() : end_(loop_, [this](End) { loop_.stop(); }) {}
  ~DemoBackends() {
    if (thread_.joinable()) {
      end_.post({});
      thread_.join();
    }
  }
  DemoBackends(const DemoBackends&) = delete;
  DemoBackends& operator=(const DemoBackends&) = delete;

  Result<bool> start() {
    for (int i = 1; i <= kBackends; ++i) {
      auto backend = DemoBackend::start(loop_, "b" + std::to_string(i));
      if (!backend.ok()) {
        return backend.error();
      }
      backends_.push_back(std::move(backend).value());
    }
    thread_ = std::thread([this] { loop_.run(); });
    return true;
  }
  [[nodiscard]] const std::vector<std::unique_ptr<DemoBackend>>& all() const noexcept { return backends_; }

 private:
  struct End {};

  net::UvLoop loop_;
  std::vector<std::unique_ptr<DemoBackend>> backends_;
  net::Mailbox<End> end_;
  std::thread thread_;
};

// A folder for the cookie key, removed at the end.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::error_code failed;
    std::string name = (std::filesystem::temp_directory_path(failed) / "limpet-demo-XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) {
      path_ = name;
    }
  }
  ~ScratchFolder() {
    if (!path_.empty()) {
      std::error_code ignored;
      std::filesystem::remove_all(path_, ignored);
    }
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;  // empty when none could be made
};

std::uint16_t free_or_any(std::uint16_t port) {
  const SocketAddress address(IpAddress::from_v4({127, 0, 0, 1}), port);
  return net::bind_sockets(address, 1).ok() ? port : std::uint16_t{0};
}

std::string configuration(const DemoOptions& options, const DemoBackends& backends,
                          const std::string& folder) {
  std::string yaml = "listeners:\n  - bind: 127.0.0.1:" + std::to_string(free_or_any(options.port)) +
                     "\nadmin:\n  bind: 127.0.0.1:" + std::to_string(free_or_any(options.admin_port)) +
                     "\nbackends:\n";
  for (const auto& backend : backends.all()) {
    yaml += "  - {name: " + backend->name() + ", address: \"" + backend->address().to_string() + "\"}\n";
  }
  yaml += "affinity:\n  cookie:\n    secret_file: " + folder + "/cookie.key\n";
  yaml += "drain:\n  grace: 1s\nlog:\n  level: warning\n  format: text\n";
  return yaml;
}

void tell_what_to_try(const Server& server, const DemoBackends& backends) {
  const std::string proxy = "http://" + server.listeners().front().address.to_string();
  const std::string admin = "http://" + server.admin_address()->to_string();
  std::cout << "limpet demo: three echo backends behind one proxy\n\n"
            << "  proxy     " << proxy << "/   (open it in a browser: a page with a WebSocket)\n"
            << "  admin     " << admin << "/\n";
  for (const auto& backend : backends.all()) {
    std::cout << "  " << backend->name() << "        http://" << backend->address().to_string() << "/\n";
  }
  std::cout << "\nTry, in another terminal:\n\n"
            << "  # strangers are spread over the backends\n"
            << "  for i in 1 2 3 4 5 6; do curl -s " << proxy << "/; done\n\n"
            << "  # a client that keeps its cookie keeps its backend\n"
            << "  for i in 1 2 3; do curl -s -c cookies.txt -b cookies.txt " << proxy << "/; done\n\n"
            << "  # a WebSocket handshake: the affinity cookie is on the 101 too\n"
            << "  curl -si --max-time 1 -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H "
               "'Sec-WebSocket-Version: 13' "
               "-H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' "
            << proxy << "/\n\n"
            << "  # who belongs to whom, and why\n"
            << "  curl -s " << admin << "/v1/affinity\n"
            << "  curl -s " << admin << "/v1/backends\n"
            << "  limpet sessions --admin " << admin << "\n\n"
            << "Ctrl-C ends it.\n"
            << std::flush;
}

}  // namespace

bool parse_demo_duration(std::string_view text, DemoOptions& options) {
  options.how_long = settings::parse_duration(text);
  return options.how_long && *options.how_long > Duration::zero();
}

int run_demo(const DemoOptions& options) {
  ignore_early_signals();  // before the backends have their thread
  const ScratchFolder folder;
  if (folder.path().empty()) {
    std::cerr << "limpet: cannot make a temporary folder for the cookie key\n";
    return kCannotStart;
  }
  DemoBackends backends;
  auto started = backends.start();
  if (!started.ok()) {
    std::cerr << "limpet: " << started.error().detail << "\n";
    return kCannotStart;
  }
  auto loaded = settings::load_text(configuration(options, backends, folder.path()), "demo");
  if (const auto* const problems = std::get_if<settings::Problems>(&loaded)) {
    report(*problems);
    return kBadConfiguration;
  }
  return serve(
      std::move(std::get<settings::Settings>(loaded)), {}, Launch{}, [](Log&) {},
      [&](Server& server) {
        if (options.how_long) {
          server.stop_after(*options.how_long);
        }
        tell_what_to_try(server, backends);
      });
}

}  // namespace limpet::app
