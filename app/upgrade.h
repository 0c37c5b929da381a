// Upgrade: how this process hands over to another one (app/handover_message.h), seen from the one that is
// replaced. Whatever goes wrong before the other one has served for a moment, this one goes on as if nothing
// had happened. Owned by the Server. Control thread.
//
//   Idle --begin--> Preparing --Ready--> HandingOver --Serving--> Confirming --a moment--> Replaced
//     ^                 |                     |                        |
//     '-----------------+-------failed--------+------------------------'
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "admin/upgrade_info.h"
#include "affinity/pin_transfer.h"
#include "app/drain.h"
#include "app/handover_link.h"
#include "app/start_command.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/timer.h"
#include "net/uv_loop.h"

namespace limpet::app {

// What an upgrade asks of the process.
class UpgradeHost {
 public:
  struct Offered {
    SocketUse use = SocketUse::Listener;
    std::string name;              // as configured
    std::vector<int> descriptors;  // open for as long as nobody is replaced
    bool lent = false;             // by a service manager
  };
  [[nodiscard]] virtual std::vector<Offered> sockets_to_offer() const = 0;
  [[nodiscard]] virtual std::span<const affinity::PoolView> pools() const = 0;
  // Empty = this process can be replaced now, else why not.
  [[nodiscard]] virtual std::string why_not_replaceable() const = 0;
  // New clients wait in the queues of the sockets, or are accepted again.
  virtual void hold_accepting(bool on) = 0;
  // How an operator has it drained; null where nobody does.
  [[nodiscard]] virtual const DrainOrder* drain_order(backends::BackendId backend) const = 0;
  // What opens the session tickets of its TLS clients (net/tls_tickets.h).
  [[nodiscard]] virtual std::string ticket_keys() = 0;
  // The other one serves: callers of the admin endpoint are its own, or this one's again.
  virtual void hold_admin(bool on) = 0;
  // It did not last: whoever asks for the process that serves is told that it is this one.
  virtual void on_taken_back() = 0;
  // It goes on to serve: whose paths and files these are. Whoever is here is to leave.
  virtual void on_replaced() = 0;
  [[nodiscard]] virtual std::uint64_t live_sessions() const = 0;

 protected:
  ~UpgradeHost() = default;
};

class Upgrade final : private HandoverLink::Events {
 public:
  // How long each step of the other process is waited for.
  static constexpr Duration kPatience = std::chrono::seconds(30);

  // All outlive it.
  struct Parts {
    net::UvLoop& loop;
    const affinity::AffinityTable& table;
    Log& log;
    const Clock& clock;
    UpgradeHost& host;
  };
  // `command`: how another process like this one is started; none when it cannot be.
  Upgrade(Parts parts, std::optional<StartCommand> command);
  ~Upgrade();  // a process that does not serve yet is ended
  Upgrade(const Upgrade&) = delete;
  Upgrade& operator=(const Upgrade&) = delete;

  // Begins one. What comes of it is told in the log, and to `waiter` (which may be null).
  void begin(admin::UpgradeWaiter* waiter);
  void stop_waiting(admin::UpgradeWaiter& waiter);
  // One that is under way fails.
  void abandon(const std::string& detail) {
    if (state_ == State::Preparing || state_ == State::HandingOver) {
      fail(detail);
    }
  }
  // Another process serves.
  [[nodiscard]] bool was_replaced() const noexcept {
    return state_ == State::Confirming || state_ == State::Replaced;
  }

 private:
  enum class State : std::uint8_t { Idle, Preparing, HandingOver, Confirming, Replaced };

  [[nodiscard]] std::string why_not() const;
  [[nodiscard]] Result<pid_t> start();
  void offer();
  void begin_dump(std::optional<Instant> touched_since);
  void on_serving();
  void on_confirmed();
  void report_progress();
  void look_at_time();
  void look_at_child();
  void fail(const std::string& detail);
  void answer(const admin::OrRefusal<admin::UpgradeInfo>& outcome);

  void on_message(const HandoverMessage& message) override;
  void on_room() override;
  void on_ended(const std::string& detail) override;

  Parts parts_;
  std::optional<StartCommand> command_;
  State state_ = State::Idle;
  pid_t pid_ = 0;                       // of the other process; 0 = there is none
  std::unique_ptr<HandoverLink> link_;  // null when it is not heard any more, or there is no other process
  std::optional<affinity::PinDump> dump_;
  std::string pins_;              // dumped and not told yet
  Instant dumped_;                // when the last dump began
  Instant step_began_;            // the present wait for the other process
  std::optional<Instant> ended_;  // it has closed its end, and its exit is awaited
  Instant served_;                // since when the other one does
  std::uint64_t told_sessions_ = 0;
  std::unique_ptr<net::Timer> look_;  // null while Idle
  std::vector<admin::UpgradeWaiter*> waiters_;
};

}  // namespace limpet::app
