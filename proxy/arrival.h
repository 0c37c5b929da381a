// Arrival: what is known of a client's connection before its first byte. Owned by its ClientConnection.
// Worker.
#pragma once

#include "base/address.h"
#include "proxy/listener_rule.h"

namespace limpet::proxy {

struct Arrival {
  // Whose connection it is: the other end of the socket, or who the PROXY header names.
  SocketAddress peer;
  // What that peer has connected to. Its port is certain (0 = a Unix socket); the address is that of the
  // listener, which may be a wildcard, unless some backend is told (Snapshot::introduces_clients).
  SocketAddress destination{};
  ListenerRulePtr listener{};  // never null
  bool over_limit = false;     // limits.sessions is reached: the first request is answered 503
  // A proxy relays for somebody whose address it does not tell: `peer` is the proxy, which has not vouched
  // for a word of what comes, so that X-Forwarded-For does not count even if the proxy is trusted.
  bool hides_client = false;
  bool used_tls = false;  // it came over TLS, to limpet or to the proxy whose header says so
};

}  // namespace limpet::proxy
