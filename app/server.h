// Server: the running program: control's loop, the workers, health, names and the admin endpoint, wired
// together. Made from checked settings; ends by signal or stop(). Control thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "affinity/table.h"
#include "app/pool_builder.h"
#include "app/worker_drains.h"
#include "base/clock.h"
#include "base/log.h"
#include "healthcheck/monitor.h"
#include "net/signals.h"
#include "net/timer.h"
#include "net/uv_loop.h"
#include "proxy/snapshot.h"
#include "proxy/worker.h"
#include "settings/settings.h"

namespace limpet::admin {
class Endpoint;
}

namespace limpet::app {

class AdminSource;
class NameWatch;

// A listener that was bound, for people.
struct BoundListener {
  SocketAddress address;
  std::string pool;
};

class Server {
 public:
  // Binds everything and starts the workers. Fails with a sentence that names the place and the remedy; then
  // nothing is left running. `log` must outlive the server.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(settings::Settings settings, Log& log);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Serves until TERM or INT (or stop()), then leaves within the grace time; a second signal leaves at once.
  void run();
  // From this thread or from within a callback of its loop.
  void stop();
  // As stop(), when the time has passed.
  void stop_after(Duration time);

  [[nodiscard]] const std::vector<BoundListener>& listeners() const noexcept { return bound_; }
  [[nodiscard]] const std::optional<SocketAddress>& admin_address() const noexcept { return admin_address_; }

  // For the admin endpoint.
  [[nodiscard]] net::UvLoop& loop() noexcept { return loop_; }
  [[nodiscard]] const proxy::SnapshotPtr& snapshot() const noexcept { return snapshot_; }
  [[nodiscard]] const settings::Settings& settings() const noexcept { return settings_; }
  [[nodiscard]] std::vector<std::unique_ptr<proxy::Worker>>& workers() noexcept { return workers_; }
  [[nodiscard]] const proxy::Shared& shared() const noexcept { return shared_; }
  [[nodiscard]] affinity::AffinityTable& pins() noexcept { return pins_; }
  [[nodiscard]] healthcheck::Monitor& monitor() noexcept { return monitor_; }
  [[nodiscard]] DrainControl& drains() noexcept { return drains_.control(); }
  [[nodiscard]] Instant started() const noexcept { return started_; }
  [[nodiscard]] bool is_stopping() const noexcept { return stopping_; }

 private:
  Server(settings::Settings settings, Log& log, std::uint64_t descriptor_limit);

  Result<bool> open();
  // One list of sockets a worker is filled. Requires that binds are literals, which settings promises.
  Result<bool> open_listeners(std::vector<std::vector<proxy::ListeningSocket>>& sockets);
  Result<bool> open_admin();
  void watch_names();
  void start_workers(std::vector<std::vector<proxy::ListeningSocket>> sockets);
  void publish();
  void on_worker_left();
  void on_signal(int number);
  void begin_stop();

  settings::Settings settings_;
  Log& log_;
  SystemClock clock_;
  net::UvLoop loop_;
  affinity::AffinityTable pins_;
  proxy::Shared shared_;
  PoolBuilder builder_;
  proxy::SnapshotPtr snapshot_;
  healthcheck::Monitor monitor_;
  net::Mailbox<proxy::WorkerLeft> left_;
  std::vector<BoundListener> bound_;
  std::optional<SocketAddress> admin_address_;
  WorkerDrains drains_;
  std::vector<std::unique_ptr<proxy::Worker>> workers_;
  std::unique_ptr<NameWatch> names_;
  std::unique_ptr<AdminSource> admin_source_;
  std::unique_ptr<admin::Endpoint> admin_;
  std::unique_ptr<net::Signals> signals_;
  std::unique_ptr<net::Timer> tick_;
  std::unique_ptr<net::Timer> end_;        // null unless stop_after() was asked for
  std::unique_ptr<net::Timer> last_call_;  // null unless stopping: cuts what is left
  Instant started_;
  std::uint64_t descriptor_limit_;
  std::size_t workers_left_ = 0;
  bool stopping_ = false;
};

}  // namespace limpet::app
