// The client's true address behind trusted proxies: the rightmost hop that is not trusted (X-Forwarded-For),
// asked only when the peer itself is trusted. Pure. Any thread.
#pragma once

#include <span>

#include "base/address.h"
#include "http/head.h"

namespace limpet::http {

// Reads all X-Forwarded-For fields as one list from the right. An entry that is not an address ends the walk:
// the last good address to its right counts. Ports ("1.2.3.4:80", "[v6]:80") are allowed and ignored.
[[nodiscard]] IpAddress client_address(const IpAddress& peer, const Fields& fields,
                                       std::span<const IpNetwork> trusted);
[[nodiscard]] bool is_trusted(const IpAddress& peer, std::span<const IpNetwork> trusted) noexcept;
// True when a trusted peer says that the client came over TLS (X-Forwarded-Proto: https).
[[nodiscard]] bool client_used_tls(const Fields& fields, bool peer_is_trusted) noexcept;

}  // namespace limpet::http
