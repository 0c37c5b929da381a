// ListenerRule: what one listener makes of its connections. A rule is broken here: it is shared, by the
// listener and the connections that came over it, because connections outlive a listener that a reload
// closes, and follow when a reload gives it another pool. Worker.
#pragma once

#include <memory>
#include <string>

#include "base/address.h"
#include "net/tls_server.h"

namespace limpet::proxy {

struct ListenerRule {
  std::string pool;         // of requests that no route takes; empty = nowhere
  SocketAddress address{};  // what it is bound to
  bool requires_proxy_header = false;
  net::TlsServerPtr tls{};  // of new connections; null = plain TCP

  friend bool operator==(const ListenerRule&, const ListenerRule&) = default;
};

using ListenerRulePtr = std::shared_ptr<const ListenerRule>;

}  // namespace limpet::proxy
