// How proxies write an address with a port: the one reader of it for Forwarded and X-Forwarded-For. Pure. Any
// thread.
#pragma once

#include <optional>
#include <string_view>

#include "base/address.h"

namespace limpet::http {

// An entry of X-Forwarded-For, which no standard describes: a plain address or [v6], with or without a port
// of digits. None when it is anything else.
[[nodiscard]] std::optional<IpAddress> entry_address(std::string_view entry);

struct NodeName {
  std::optional<IpAddress> address;  // none for "unknown" and an obfuscated name
};
// A node of Forwarded without its quotes (RFC 7239 6): IPv4 address, [v6], "unknown" or _obfuscated, with or
// without a port of 1 to 5 digits or an _obfuscated one. None when it is malformed.
[[nodiscard]] std::optional<NodeName> read_node_name(std::string_view node);

}  // namespace limpet::http
