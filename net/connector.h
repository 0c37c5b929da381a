// Opening connections: starts, never waits. One thread: that of the loop.
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "net/stream.h"

namespace limpet::net {

// A stream whose connect is under way (or done): watch it for writability, then ask take_socket_error().
// TCP_NODELAY is on.
[[nodiscard]] Result<StreamPtr> start_connect(Loop& loop, const SocketAddress& address);

}  // namespace limpet::net
