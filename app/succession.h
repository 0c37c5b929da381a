// Succession: a Server between the process it has followed and the one that will follow it. Owned by the
// Server. Control thread.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "admin/upgrade_info.h"
#include "app/launch.h"
#include "app/upgrade.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "net/listener.h"

namespace limpet::app {

class Server;

class Succession final : private UpgradeHost {
 public:
  // All outlive it.
  struct Parts {
    Server& server;
    Log& log;
    const Clock& clock;
  };
  Succession(Parts parts, Launch launch);

  // Sockets for the listeners, then for the admin endpoint: each takes what was handed over for it.
  [[nodiscard]] InheritedSockets& listeners_to_take() noexcept { return launch_.offer.listeners; }
  // A service manager does not say which of its sockets are for whom: the address does.
  [[nodiscard]] InheritedSockets& admin_to_take() noexcept {
    return follows() ? launch_.offer.admin : launch_.offer.listeners;
  }
  [[nodiscard]] Result<net::BoundSockets> open_admin(const SocketAddress& bind);
  // What nobody has taken is closed, and told.
  void close_rest();

  [[nodiscard]] bool follows() const noexcept { return launch_.predecessor != nullptr; }
  // The lock of the pins file, if the predecessor had it; to be asked once.
  [[nodiscard]] net::Fd take_pin_lock(const std::string& file);
  // Takes over what the predecessor knows, and waits until it accepts nobody any more. Requires that
  // everything is ready to serve; does nothing without a predecessor.
  [[nodiscard]] Result<bool> take_over();
  // This process serves. Requires take_over().
  void serving();
  // It does not come up.
  void fail(const std::string& detail) const { launch_.fail(detail); }
  // Whether the files of Unix sockets are this process's to remove.
  [[nodiscard]] bool owns_paths() const noexcept { return owns_paths_ && !was_replaced(); }
  // While it drains.
  [[nodiscard]] std::optional<admin::PredecessorInfo> predecessor() const;

  void begin_upgrade(admin::UpgradeWaiter* waiter) { upgrade_.begin(waiter); }
  void stop_waiting(admin::UpgradeWaiter& waiter) { upgrade_.stop_waiting(waiter); }
  // This process stops: an upgrade that is under way comes to nothing.
  void on_stop() { upgrade_.abandon("this process was told to stop"); }
  [[nodiscard]] bool was_replaced() const noexcept { return upgrade_.was_replaced(); }

 private:
  [[nodiscard]] affinity::PinRestore make_restore() const;
  void take_backend_words();
  void go_on_draining();

  [[nodiscard]] std::vector<Offered> sockets_to_offer() const override;
  [[nodiscard]] std::span<const affinity::PoolView> pools() const override;
  [[nodiscard]] std::string why_not_replaceable() const override;
  void hold_accepting(bool on) override;
  [[nodiscard]] const DrainOrder* drain_order(backends::BackendId backend) const override;
  [[nodiscard]] std::string ticket_keys() override;
  void hold_admin(bool on) override;
  void on_taken_back() override;
  void on_replaced() override;
  [[nodiscard]] std::uint64_t live_sessions() const override;

  Parts parts_;
  Launch launch_;
  bool owns_paths_;
  WallTime served_since_;
  Upgrade upgrade_;
};

}  // namespace limpet::app
