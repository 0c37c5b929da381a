// Publisher: the one way by which a message gets to the clients of this process, whoever publishes it. It
// checks, frames once, tells all workers and sums up their answers. Owned by the Server; outlives the
// workers' answers. Control thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "admin/publish_info.h"
#include "app/publish_rate.h"
#include "app/worker_drains.h"
#include "base/clock.h"
#include "base/counters.h"
#include "net/mailbox.h"
#include "proxy/publication.h"
#include "proxy/snapshot.h"
#include "settings/settings.h"

namespace limpet::app {

class Configuration;

class Publisher {
 public:
  // So many are under way at once: beyond that somebody publishes faster than the workers can take.
  static constexpr std::size_t kMostUnderWay = 64;
  // How long clients whose queue is full are waited for (publish.slow_client: wait). Half of what a caller of
  // the admin endpoint waits.
  static constexpr Duration kSlowClientWait = std::chrono::seconds(5);

  struct Parts {
    net::UvLoop& loop;
    const Clock& clock;
    const WorkerDrains::Workers& workers;
    const proxy::SnapshotPtr& snapshot;  // the newest
    const Configuration& configuration;
  };
  explicit Publisher(const Parts& parts);
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  // Those that are let in reach each session in the order of the calls. Answers through `waiter`, once, now
  // or later. Requires UTF-8 of a text.
  void publish(const admin::PublishOrder& order, admin::PublishWaiter& waiter);
  // The message goes on; nobody is told of it.
  void forget(admin::PublishWaiter& waiter);

  // Of control's own share: how many were published.
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

 private:
  struct Ask {
    admin::PublishWaiter* waiter = nullptr;  // null: nobody waits any more
    std::size_t missing = 0;                 // workers that have not answered yet
    proxy::PublishCounts counts = {};
  };

  [[nodiscard]] std::optional<admin::Refusal> why_not(const admin::PublishOrder& order);
  void on_published(const proxy::Published& published);

  Parts parts_;
  PublishRate rate_;
  Counters counters_;
  std::map<std::uint64_t, Ask> asks_;  // by publication
  std::uint64_t last_publication_ = 0;
  net::Mailbox<proxy::Published> published_;
};

// The backends whose sessions an order is for, by id; empty = any. 404 where there is no such pool or
// backend.
[[nodiscard]] admin::OrRefusal<std::vector<bool>> publish_targets(const proxy::Snapshot& snapshot,
                                                                  const admin::PublishOrder& order);
// The route whose sessions it is for; none = any. 404 where nothing of the sort is configured.
[[nodiscard]] admin::OrRefusal<std::optional<proxy::RouteId>> publish_route(const proxy::Snapshot& snapshot,
                                                                            const admin::PublishOrder& order);

}  // namespace limpet::app
