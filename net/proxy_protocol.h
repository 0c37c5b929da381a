// The PROXY protocol, versions 1 and 2 (haproxy.org, doc/proxy-protocol.txt): what a proxy says at the very
// begin of a connection about the client on its other side. One reader and one writer. Pure. Any thread.
//
//   version 1   PROXY TCP4 192.0.2.1 198.51.100.2 56324 443 CR LF
//   version 2   signature, 12 | version, command | family | length, 2 | addresses and ports | TLVs
//                             '---- 16 bytes ----'                    '----- length bytes -----'
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/proxy_version.h"

namespace limpet::net {

// What the addresses and TLVs of version 2 may take. The specification wants all of it in one packet; some
// senders add identifiers and certificate names.
inline constexpr std::size_t kMostProxyPayload = 4096;
inline constexpr std::size_t kProxyV2Fixed = 16;
inline constexpr std::size_t kMostProxyHeader = kProxyV2Fixed + kMostProxyPayload;
// "PROXY UNKNOWN" with both addresses at their longest.
inline constexpr std::size_t kMostProxyLine = 107;

// The two ends of the connection that the client has opened to the proxy.
struct ProxyEnds {
  SocketAddress source;
  SocketAddress destination;

  friend bool operator==(const ProxyEnds&, const ProxyEnds&) = default;
};

struct ProxyHeader {
  enum class Speaks : std::uint8_t {
    ForClient,   // `ends` are the client's
    ForUnknown,  // for a client whose address is not told: UNKNOWN, UNSPEC, Unix sockets, datagrams
    ForItself,   // LOCAL: a health check of the proxy
  };

  Speaks speaks = Speaks::ForUnknown;
  std::optional<ProxyEnds> ends;  // with ForClient
  bool used_tls = false;          // version 2: the client came to the proxy over TLS (PP2_TYPE_SSL)
};

struct ProxyReading {
  enum class State : std::uint8_t {
    NeedMore,  // so far it can become one; every byte there is belongs to it
    Complete,
    Malformed,
  };

  State state = State::NeedMore;
  std::size_t size = 0;    // Complete: of the header; what follows is the client's
  ProxyHeader header;      // Complete
  const char* fault = "";  // Malformed: what is wrong, for people
};

// Reads the begin of a connection, in any segmentation: call again with all bytes so far while it needs more.
// Refuses as soon as it can tell. What is not exactly as specified is refused; TLVs are skipped, but their
// lengths must add up and a checksum (PP2_TYPE_CRC32C) must be right. Of LOCAL and UNSPEC, whose content the
// receiver must ignore, nothing but the length counts.
[[nodiscard]] ProxyReading read_proxy_header(std::string_view bytes);

// The header for a client. An end on a Unix socket: a source makes it one that tells no address; a
// destination is told as the unspecified address. Ends of different families are told as IPv6, IPv4 mapped
// into it. Requires a version.
void append_proxy_header(std::string& out, ProxyVersion version, const ProxyEnds& ends);
// The header of a connection that is limpet's own: LOCAL, and UNKNOWN in version 1, which has no word for it.
void append_own_proxy_header(std::string& out, ProxyVersion version);

// RFC 3720 12.1, appendix B of RFC 4960; over several pieces: give the answer of the one before.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0) noexcept;

}  // namespace limpet::net
