// Key: what makes a client itself again. Pure. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "http/head.h"
#include "settings/settings.h"

namespace limpet::affinity {

enum class KeyKind : std::uint8_t { Cookie, ClientIp, Header, Query, Path };

[[nodiscard]] std::string_view word(KeyKind kind) noexcept;  // "cookie", "client_ip", ...
[[nodiscard]] std::optional<KeyKind> key_kind_of(std::string_view word) noexcept;

// Keys longer than this are replaced by a digest of themselves, so that a client cannot fill the table with
// text.
inline constexpr std::size_t kMaxKeyBytes = 64;

struct Key {
  KeyKind kind = KeyKind::Cookie;
  std::string
      text;  // as the table shows it: 16 hex digits (cookie), "10.0.0.1" or "2001:db8::/64", the value
  std::uint64_t hash = 0;  // of kind and text, the same on every node and build

  [[nodiscard]] static Key make(KeyKind kind, std::string_view text);
};

// As the log tells it: what a client says in a header or in the query may be a secret, and is told as a
// digest.
[[nodiscard]] std::string text_for_log(KeyKind kind, std::string_view text);

// What is known of a client when its request has been read.
struct ClientFacts {
  IpAddress address;  // the true one, behind trusted proxies
  const http::RequestHead& request;
};

// The key of the client under the pool's rule, or of its fallback; none when neither is there (also: by
// none). Not for AffinityBy::Cookie itself, whose key comes out of the verified cookie: then only the
// fallback is looked at.
[[nodiscard]] std::optional<Key> extract_key(const settings::Affinity& rule, const ClientFacts& client);

}  // namespace limpet::affinity
