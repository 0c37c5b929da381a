#include "proxy/introduction.h"

namespace limpet::proxy {

bool is_from_trusted(const Arrival& arrival, const Snapshot& snapshot) noexcept {
  return !arrival.hides_client && http::is_trusted(arrival.peer.ip(), snapshot.trusted_proxies);
}

http::Forwarded forwarded_of(const Arrival& arrival, const http::Origin& origin, const Snapshot& snapshot) {
  using settings::ForwardedHeaders;
  const ForwardedHeaders how = snapshot.forwarded;
  http::Forwarded told;
  if (!arrival.peer.is_unix()) {
    told.client = arrival.peer.ip().to_string();
  }
  told.port = origin.decides_tls ? std::uint16_t{0} : arrival.destination.port();
  told.peer_is_trusted = is_from_trusted(arrival, snapshot);
  told.writes_x_forwarded = how == ForwardedHeaders::XForwarded || how == ForwardedHeaders::Both;
  if (how == ForwardedHeaders::Off) {
    told.elements = http::ForwardedElements::Dropped;
  } else if (how != ForwardedHeaders::XForwarded) {
    told.elements = http::ForwardedElements::Written;
    told.begins_anew = origin.lists_disagree;
    told.beyond = origin.client == arrival.peer.ip() ? std::string() : origin.client.to_string();
  }
  return told;
}

net::ProxyEnds ends_told(const Arrival& arrival, const IpAddress& client) {
  const bool is_peer = client == arrival.peer.ip();
  return {.source = is_peer ? arrival.peer : SocketAddress(client, 0), .destination = arrival.destination};
}

}  // namespace limpet::proxy
