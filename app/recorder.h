// Recorder: keeps what limpet remembers of the last hour (admin/history.h): looks at the totals and at the
// backends by timers of its own. Owned by the AdminSource: without an admin endpoint nothing is kept.
// Control thread.
#pragma once

#include "admin/event_watch.h"
#include "admin/history.h"
#include "net/timer.h"

namespace limpet::app {

class Server;

class Recorder {
 public:
  // How often backends are looked at: some 50 ns each.
  static constexpr Duration kLookEvery = std::chrono::milliseconds(500);

  explicit Recorder(Server& server);
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  [[nodiscard]] const admin::History& history() const noexcept { return history_; }

 private:
  void sample();
  void look();

  Server& server_;
  admin::History history_;
  admin::EventWatch watch_;
  net::Timer sample_timer_;
  net::Timer look_timer_;
};

}  // namespace limpet::app
