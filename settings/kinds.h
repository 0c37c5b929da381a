// The kinds of value that only limpet's configuration knows: addresses, keys of affinity, names, paths. Pure.
// Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "settings/settings.h"
#include "settings/values.h"

namespace limpet::settings {

// What affinity.by says in one word: "header:x-user" is {Header, "x-user", 0}, "path:2" is {Path, "", 2}.
struct ByRule {
  AffinityBy by = AffinityBy::Cookie;
  std::string name;
  std::uint32_t segment = 0;
};

// Where to listen: a literal or `localhost` (which becomes 127.0.0.1) with any port, or a Unix socket.
[[nodiscard]] ValueType<Endpoint> bind_address();
// Where to connect: a name or a literal with a port that is not 0, or a Unix socket.
[[nodiscard]] ValueType<Endpoint> backend_address();
[[nodiscard]] ValueType<IpNetwork> network();
[[nodiscard]] ValueType<ByRule> by_rule();
// "200-399" or "200".
[[nodiscard]] ValueType<StatusRange> status_range();

[[nodiscard]] ValueType<std::string> any_text();
[[nodiscard]] ValueType<std::string> filled_text();
// What fits a Close frame beside its code (RFC 6455 5.5): at most 123 bytes.
[[nodiscard]] ValueType<std::string> close_text();
// Letters, digits, '-' and '_': what pools are called.
[[nodiscard]] ValueType<std::string> pool_name();
// A pool, or "" for none.
[[nodiscard]] ValueType<std::string> optional_pool_name();
// A token of RFC 9110 5.6.2.
[[nodiscard]] ValueType<std::string> token();
// The path-value of RFC 6265 4.1.1, starting with '/'.
[[nodiscard]] ValueType<std::string> cookie_path();
// The domain-value of RFC 6265 4.1.1, or "".
[[nodiscard]] ValueType<std::string> cookie_domain();
// What a request line may ask for: '/' and visible ASCII.
[[nodiscard]] ValueType<std::string> request_path();
// A host without port in lower case, or "" for any.
[[nodiscard]] ValueType<std::string> route_host();
// A path prefix without its trailing slashes, or "" for any.
[[nodiscard]] ValueType<std::string> route_path();

[[nodiscard]] ValueType<RedisUrl> redis_url();
// What can stand in the braces of a hash tag: letters, digits, '-', '_', '.' and ':'.
[[nodiscard]] ValueType<std::string> redis_prefix();

}  // namespace limpet::settings
