#include "proxy/adopt_snapshot.h"

#include <utility>

#include "proxy/tunnel.h"

namespace limpet::proxy {

namespace {

std::optional<SocketAddress> address_of(const Snapshot& snapshot, backends::BackendId id) {
  const affinity::PoolView* const pool = snapshot.pool_of(id);
  return pool != nullptr ? pool->backends.by_id(id)->address : std::nullopt;
}

}  // namespace

void adopt_snapshot(Context& context, SnapshotPtr snapshot) {
  const SnapshotPtr before = std::exchange(context.snapshot, std::move(snapshot));
  const Snapshot& now = *context.snapshot;
  context.idle.keep_where([&](backends::BackendId id) {
    const auto address = address_of(now, id);
    return address && address == address_of(*before, id);
  });
  // A longer one needs nothing: what comes too early looks again.
  if (now.timeouts.idle < before->timeouts.idle) {
    context.sessions.for_each([](Tunnel& tunnel) { tunnel.on_idle_timeout_changed(); });
  }
}

}  // namespace limpet::proxy
