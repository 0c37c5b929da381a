#include "app/session_orders.h"

#include <string>
#include <utility>

namespace limpet::app {

SessionOrders::SessionOrders(net::UvLoop& loop, Log& log, const WorkerDrains::Workers& workers)
    : log_(log),
      workers_(workers),
      ended_(loop, [this](const proxy::EndedSession& ended) { on_ended(ended); }) {}

void SessionOrders::end(std::uint64_t id, Duration grace, admin::SessionsWaiter& waiter) {
  log_.info("end_session", {{"session", id}, {"author", "api"}});
  const std::uint64_t question = ++last_question_;
  asks_[question] = {.id = id, .waiter = &waiter, .missing = workers_.size()};
  for (const auto& worker : workers_) {
    worker->end({.question = question,
                 .id = id,
                 .cause = CloseReason::EndedByAdmin,
                 .grace = grace,
                 .reply_to = &ended_});
  }
}

void SessionOrders::cancel(admin::SessionsWaiter& waiter) {
  std::erase_if(asks_, [&waiter](const auto& entry) { return entry.second.waiter == &waiter; });
}

void SessionOrders::move(const affinity::PoolView& pool, const affinity::Key& key,
                         const backends::Backend& target) {
  for (const auto& worker : workers_) {
    worker->move({.pool = pool.id, .key = key, .keep = target.id, .grace = pool.drain.grace});
  }
}

void SessionOrders::on_ended(const proxy::EndedSession& ended) {
  const auto found = asks_.find(ended.question);
  if (found == asks_.end()) {
    return;
  }
  --found->second.missing;
  if (!ended.found && found->second.missing != 0) {
    return;
  }
  const Ask ask = found->second;
  asks_.erase(found);
  if (ended.found) {
    ask.waiter->on_ended(admin::EndedSession{ask.id});
  } else {
    ask.waiter->on_ended(
        admin::Refusal{404, "session", "there is no live session with the id " + std::to_string(ask.id)});
  }
}

}  // namespace limpet::app
