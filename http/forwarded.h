// Where a request came from when trusted proxies stand in front: Forwarded (RFC 7239), X-Forwarded-For and
// X-Forwarded-Proto. Asked only when the peer itself is trusted; otherwise the peer is the client. Pure. Any
// thread.
//
//   client -----> proxy A ------------> proxy B (the peer) --------------------> limpet
//                 writes "client"       writes ", A"
//                 list as it arrives:   [what the client made up,] client, A
//
// All fields of a name are one list, read from the right: each entry that is a trusted address stands for a
// proxy whose own word is the next one to the left. The first that is not trusted is the client. What stands
// left of it was there before the first trusted proxy wrote, so that the client may have made it up. An entry
// that is no address, unknown, obfuscated or malformed ends the walk: the last good address counts.
//
// Where both Forwarded and X-Forwarded-For are there they must lead to the same address. Proxies usually
// append to one and pass the other on as it came: a client behind such a proxy could choose its address by
// sending the other itself. Nothing in a request tells which one the proxy vouches for, so that neither is
// believed when they disagree, and the peer's own address counts.
#pragma once

#include <span>

#include "base/address.h"
#include "http/head.h"

namespace limpet::http {

struct Origin {
  IpAddress client;
  // A trusted proxy said that the client came to it over TLS. Only what belongs to the hop that gave `client`
  // is asked, never the leftmost element, which a client can write: proto= in the same element of Forwarded;
  // in X-Forwarded-Proto the element as far from the right as that hop is in its list, or the only one there
  // is, because many proxies replace the list. Whoever says anything must say https, and somebody must. False
  // when the lists of addresses disagree. A proxy that sets neither lets its clients choose: they can spoil
  // their own cookie's Secure and no more.
  bool used_tls = false;
  // What stands in the fields of a trusted proxy decides `used_tls`; otherwise what is known of the
  // connection itself does.
  bool decides_tls = false;
  // The two lists lead to different clients.
  bool lists_disagree = false;
};

// X-Forwarded-For may carry ports ("1.2.3.4:80", "[v6]:80") and IPv6 addresses without brackets; Forwarded is
// read strictly by its grammar (forwarded_element.h).
[[nodiscard]] Origin read_origin(const IpAddress& peer, const Fields& fields,
                                 std::span<const IpNetwork> trusted);

[[nodiscard]] bool is_trusted(const IpAddress& peer, std::span<const IpNetwork> trusted) noexcept;

}  // namespace limpet::http
