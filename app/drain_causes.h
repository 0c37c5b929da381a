// DrainCauses: what sends sessions away without an operator's word: a backend that was removed, one that is
// down and silent. Turns each into an order to DrainControl. Owned by the Server. Control thread.
#pragma once

#include "app/down_sessions.h"
#include "app/removal_port.h"
#include "app/worker_drains.h"
#include "proxy/snapshot.h"

namespace limpet::app {

class DrainCauses final : public RemovalPort, public SilentSessions {
 public:
  // Both belong to the Server and may be made after this. `snapshot` is the newest at any time.
  DrainCauses(WorkerDrains& drains, const proxy::SnapshotPtr& snapshot) noexcept
      : drains_(drains), snapshot_(snapshot) {}

  void send_away(const affinity::PoolView& pool, const backends::Backend& backend) override;
  void keep(backends::BackendId backend) override;
  void has_gone(backends::BackendId backend) override;

  void send_away(backends::BackendId backend, Instant silent_since) override;
  void stop(backends::BackendId backend) override;

 private:
  WorkerDrains& drains_;
  const proxy::SnapshotPtr& snapshot_;
};

}  // namespace limpet::app
