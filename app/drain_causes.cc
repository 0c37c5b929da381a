#include "app/drain_causes.h"

namespace limpet::app {

void DrainCauses::send_away(const affinity::PoolView& pool, const backends::Backend& backend) {
  drains_.control().start(pool, backend, {.cause = CloseReason::BackendRemoved});
}

void DrainCauses::keep(backends::BackendId backend) {
  drains_.control().stop(backend);
}

void DrainCauses::has_gone(backends::BackendId backend) {
  drains_.control().stop(backend);
}

void DrainCauses::send_away(backends::BackendId backend, Instant silent_since) {
  const affinity::PoolView* const pool = snapshot_->pool_of(backend);
  if (pool != nullptr) {
    drains_.control().start(*pool, *pool->backends.by_id(backend),
                            {.cause = CloseReason::BackendDown, .silent_since = silent_since});
  }
}

void DrainCauses::stop(backends::BackendId backend) {
  drains_.control().stop_if(backend, CloseReason::BackendDown);
}

}  // namespace limpet::app
