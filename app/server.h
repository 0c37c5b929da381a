// Server: the running program: control's loop, the workers, health, names and the admin endpoint, wired
// together. Made from checked settings; ends by signal or stop(). Control thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "affinity/table.h"
#include "app/configuration.h"
#include "app/drain_causes.h"
#include "app/launch.h"
#include "app/listeners.h"
#include "app/roster.h"
#include "app/upgrade.h"
#include "app/worker_drains.h"
#include "base/clock.h"
#include "base/log.h"
#include "healthcheck/monitor.h"
#include "net/blocked_signal.h"
#include "net/service_manager.h"
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
class PinKeeper;
class Publisher;
class SharedState;
class Succession;

class Server {
 public:
  // Binds everything and starts the workers. Fails with a sentence that names the place and the remedy; then
  // nothing is left running. `log` must outlive the server. Requires that SIGHUP is blocked
  // (net::BlockedSignal).
  struct Origin {
    std::string file{};  // where the settings are from, for reloads; empty = from no file
    Launch launch{};
  };
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(settings::Settings settings, Log& log,
                                                             Origin origin);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Serves until TERM or INT (or stop()), then leaves within the grace time; a second signal leaves at once.
  void run();
  // From this thread or from within a callback of its loop.
  void stop();
  // As stop(), when the time has passed.
  void stop_after(Duration time);

  [[nodiscard]] std::vector<BoundListener> listeners() const { return listeners_.bound(); }
  [[nodiscard]] const std::optional<SocketAddress>& admin_address() const noexcept { return admin_address_; }

  // For the admin endpoint.
  [[nodiscard]] net::UvLoop& loop() noexcept { return loop_; }
  [[nodiscard]] const proxy::SnapshotPtr& snapshot() const noexcept { return snapshot_; }
  [[nodiscard]] const settings::Settings& settings() const noexcept { return configuration_.running(); }
  [[nodiscard]] std::vector<std::unique_ptr<proxy::Worker>>& workers() noexcept { return workers_; }
  [[nodiscard]] const proxy::Shared& shared() const noexcept { return shared_; }
  [[nodiscard]] affinity::AffinityTable& pins() noexcept { return pins_; }
  [[nodiscard]] healthcheck::Monitor& monitor() noexcept { return monitor_; }
  [[nodiscard]] DrainControl& drains() noexcept { return drains_.control(); }
  // Null where nothing is shared with other nodes.
  [[nodiscard]] SharedState* shared_state() noexcept { return shared_state_.get(); }
  [[nodiscard]] Publisher& publisher() noexcept { return *publisher_; }
  [[nodiscard]] Instant started() const noexcept { return started_; }
  [[nodiscard]] bool is_stopping() const noexcept;
  [[nodiscard]] Succession& succession() noexcept { return *succession_; }
  [[nodiscard]] const net::ServiceManager& service_manager() const noexcept { return service_manager_; }

  // For Succession.
  [[nodiscard]] std::vector<UpgradeHost::Offered> sockets_to_offer() const;
  void on_replaced();
  void hold_admin(bool on);

  [[nodiscard]] Certificates& certificates() noexcept { return roster_.builder().certificates(); }

  // For reload.h.
  [[nodiscard]] Configuration& configuration() noexcept { return configuration_; }
  [[nodiscard]] Roster& roster() noexcept { return roster_; }
  [[nodiscard]] Listeners& bound_listeners() noexcept { return listeners_; }
  // Makes `next` run: from the file as `author` had it loaded, or changed at run time (none). `plan` belongs
  // to it. Cannot fail: everything is bound and read by now.
  void apply(settings::Settings next, Listeners::Plan plan, std::optional<Author> author);

 private:
  Server(settings::Settings settings, Log& log, Origin origin, std::uint64_t descriptor_limit);

  Result<bool> open();
  Result<bool> load_keys();
  Result<bool> open_admin();
  // Before anybody is served: what the last process knew of its clients.
  void restore_pins();
  void start_workers(std::vector<proxy::ListenerChange> listeners);
  // Builds a snapshot of what is known now and gives it to everybody; `changes`: one a worker, or none.
  void publish(std::vector<proxy::ListenerChange> changes = {});
  // In the next turn of the loop, once, however often it is asked for: a thousand names are one snapshot.
  void publish_soon();
  void on_tick();
  void on_hangup();
  void end_workers();
  void on_worker_left();
  void on_signal(int number);
  // Everybody is to have left when `grace` is over.
  void begin_stop(CloseReason cause, Duration grace);
  void tell_service_manager();
  [[nodiscard]] Duration longest_grace() const;

  struct PublishLetter {};

  Log& log_;
  SystemClock clock_;
  Configuration configuration_;
  net::UvLoop loop_;
  affinity::AffinityTable pins_;
  proxy::Shared shared_;
  DrainCauses drain_causes_{drains_, snapshot_};
  DownSessions down_sessions_{drain_causes_};
  Roster roster_{drain_causes_};
  proxy::SnapshotPtr snapshot_;
  healthcheck::Monitor monitor_;
  net::Mailbox<proxy::WorkerLeft> left_;
  net::Mailbox<PublishLetter> publish_letters_;
  bool publish_is_due_ = false;
  Listeners listeners_;
  std::optional<SocketAddress> admin_address_;
  WorkerDrains drains_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<SharedState> shared_state_;  // uses all above
  std::vector<std::unique_ptr<proxy::Worker>> workers_;
  net::ServiceManager service_manager_ = net::ServiceManager::from_environment();
  int admin_descriptor_ = -1;
  bool admin_is_lent_ = false;  // by a service manager: the file of a Unix socket is not ours
  std::unique_ptr<Succession> succession_;
  std::unique_ptr<PinKeeper> pin_keeper_;  // null when pins are not kept
  std::unique_ptr<NameWatch> names_;
  std::unique_ptr<AdminSource> admin_source_;
  std::unique_ptr<admin::Endpoint> admin_;
  std::unique_ptr<net::Signals> signals_;
  std::unique_ptr<net::BlockedSignal> hangup_;
  std::unique_ptr<net::Timer> tick_;
  std::unique_ptr<net::Timer> down_tick_;
  std::unique_ptr<net::Timer> watchdog_;   // null unless the service manager wants to hear of us
  std::unique_ptr<net::Timer> end_;        // null unless stop_after() was asked for
  std::unique_ptr<net::Timer> last_call_;  // null unless stopping: cuts what is left
  Instant started_;
  std::uint64_t descriptor_limit_;
  std::size_t workers_left_ = 0;
  bool stopping_ = false;
  bool is_hurried_ = false;  // replaced, and told to leave within the ordinary grace time
};

}  // namespace limpet::app
