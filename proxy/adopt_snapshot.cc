#include "proxy/adopt_snapshot.h"

#include <utility>

#include "proxy/tunnel.h"

namespace limpet::proxy {

namespace {

const backends::Backend* find(const Snapshot& snapshot, backends::BackendId id) {
  const affinity::PoolView* const pool = snapshot.pool_of(id);
  return pool != nullptr ? pool->backends.by_id(id) : nullptr;
}

// A connection to one would do for the other.
bool connect_alike(const backends::Backend& a, const backends::Backend& b) {
  return a.address && a.address == b.address && a.spec.send_proxy == b.spec.send_proxy;
}

}  // namespace

void adopt_snapshot(Context& context, SnapshotPtr snapshot) {
  const SnapshotPtr before = std::exchange(context.snapshot, std::move(snapshot));
  const Snapshot& now = *context.snapshot;
  context.idle.keep_where([&](backends::BackendId id) {
    const backends::Backend* const is = find(now, id);
    const backends::Backend* const was = find(*before, id);
    return is != nullptr && was != nullptr && connect_alike(*is, *was);
  });
  // A longer one needs nothing: what comes too early looks again.
  if (now.timeouts.idle < before->timeouts.idle) {
    context.sessions.for_each([](Tunnel& tunnel) { tunnel.on_idle_timeout_changed(); });
  }
}

}  // namespace limpet::proxy
