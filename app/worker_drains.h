// WorkerDrains: DrainControl over the workers of this process: its timer and the letters both ways. Owned by
// the Server; outlives the workers, which answer into its mailbox. Control thread.
#pragma once

#include <memory>
#include <vector>

#include "app/drain_control.h"
#include "net/mailbox.h"
#include "net/timer.h"
#include "net/uv_loop.h"
#include "proxy/snapshot.h"
#include "proxy/worker.h"

namespace limpet::app {

class WorkerDrains final : private DrainPort {
 public:
  using Workers = std::vector<std::unique_ptr<proxy::Worker>>;

  // What is referred to belongs to the Server. `snapshot` is the newest at any time.
  struct Parts {
    net::UvLoop& loop;
    const Clock& clock;
    Log& log;
    const Workers& workers;
    const proxy::SnapshotPtr& snapshot;
  };

  explicit WorkerDrains(const Parts& parts);
  WorkerDrains(const WorkerDrains&) = delete;
  WorkerDrains& operator=(const WorkerDrains&) = delete;

  [[nodiscard]] DrainControl& control() noexcept { return control_; }

 private:
  [[nodiscard]] std::size_t workers() const override { return parts_.workers.size(); }
  [[nodiscard]] const affinity::PoolView* pool(affinity::PoolId id) const override;
  void send_away(std::size_t worker, const proxy::SendAway& order) override;
  void cut(const proxy::CutBackend& order) override;
  void call_every(Duration time) override;

  Parts parts_;
  DrainControl control_;
  net::Mailbox<proxy::SentAway> answers_;
  std::unique_ptr<net::Timer> timer_;  // null while nothing drains
};

}  // namespace limpet::app
