// What backends are told about a client: in the fields of a request and in a PROXY header. Pure. Worker.
#pragma once

#include "base/address.h"
#include "http/forwarded.h"
#include "http/head_writer.h"
#include "net/proxy_protocol.h"
#include "proxy/arrival.h"
#include "proxy/snapshot.h"

namespace limpet::proxy {

// Whether what the peer says of its clients counts.
[[nodiscard]] bool is_from_trusted(const Arrival& arrival, const Snapshot& snapshot) noexcept;

// All of it but the proto. The port is left out where a trusted proxy has said how the client came to it and
// no port: limpet's own belongs to another connection, and https with the port of a plain listener makes
// links that lead nowhere.
[[nodiscard]] http::Forwarded forwarded_of(const Arrival& arrival, const http::Origin& origin,
                                           const Snapshot& snapshot);

// `client` is who the request came from (http::read_origin). A client that only a field has named has no port
// that is known.
[[nodiscard]] net::ProxyEnds ends_told(const Arrival& arrival, const IpAddress& client);

}  // namespace limpet::proxy
