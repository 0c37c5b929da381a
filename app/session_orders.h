// SessionOrders: an operator's word about single sessions: end this one, move those of a key. All workers are
// asked at once. Owned by the AdminSource; outlives the workers' answers. Control thread.
#pragma once

#include <cstdint>
#include <map>

#include "admin/source.h"
#include "affinity/decide.h"
#include "affinity/key.h"
#include "app/worker_drains.h"
#include "base/log.h"
#include "net/mailbox.h"
#include "proxy/send_away.h"

namespace limpet::app {

class SessionOrders {
 public:
  SessionOrders(net::UvLoop& loop, Log& log, const WorkerDrains::Workers& workers);
  SessionOrders(const SessionOrders&) = delete;
  SessionOrders& operator=(const SessionOrders&) = delete;

  // Answers through `waiter`, once, later; 404 when no worker has it.
  void end(std::uint64_t id, Duration grace, admin::SessionsWaiter& waiter);
  void cancel(admin::SessionsWaiter& waiter);
  // Sessions of the key on other backends than `target` are sent away. Nobody waits for that.
  void move(const affinity::PoolView& pool, const affinity::Key& key, const backends::Backend& target);

 private:
  struct Ask {
    std::uint64_t id = 0;
    admin::SessionsWaiter* waiter = nullptr;  // never null
    std::size_t missing = 0;                  // workers that have not answered yet
  };

  void on_ended(const proxy::EndedSession& ended);

  Log& log_;
  const WorkerDrains::Workers& workers_;
  std::map<std::uint64_t, Ask> asks_;  // by question
  std::uint64_t last_question_ = 0;
  net::Mailbox<proxy::EndedSession> ended_;
};

}  // namespace limpet::app
