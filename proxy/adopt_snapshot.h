// What a worker does when a new Snapshot takes the place of the present one. Worker.
#pragma once

#include "proxy/context.h"

namespace limpet::proxy {

// Idle connections to backends that are gone or have another address are closed; a shorter timeouts.idle
// reaches the sessions at once. Everything else reads the snapshot when it needs it.
void adopt_snapshot(Context& context, SnapshotPtr snapshot);

}  // namespace limpet::proxy
