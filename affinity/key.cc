#include "affinity/key.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/crypto.h"
#include "base/text.h"

namespace limpet::affinity {

namespace {

constexpr std::array<std::pair<KeyKind, std::string_view>, 5> kKindWords{{
    {KeyKind::Cookie, "cookie"},
    {KeyKind::ClientIp, "client_ip"},
    {KeyKind::Header, "header"},
    {KeyKind::Query, "query"},
    {KeyKind::Path, "path"},
}};

constexpr unsigned kV4Bits = 32;
constexpr unsigned kV6Bits = 128;

constexpr std::string_view kDigest = "sha1:";

std::string digest_of(std::string_view text) {
  return std::string(kDigest) + hex(crypto::sha1(text));
}

// What digest_of() has made of a long key.
bool is_digest(std::string_view text) noexcept {
  constexpr std::size_t kDigits = 40;
  return text.size() == kDigest.size() + kDigits && text.starts_with(kDigest) &&
         text.find_first_not_of("0123456789abcdef", kDigest.size()) == std::string_view::npos;
}

std::string_view header_value(const http::RequestHead& request, std::string_view name) {
  const http::Field* const field = request.fields.find(name);
  return field != nullptr ? field->value : std::string_view{};
}

// The first parameter of that name counts, even if it is empty: a client must not have two keys in one
// request.
std::string_view query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    std::string_view value = take_until(query, '&');
    if (take_until(value, '=') == name) {
      return value;
    }
  }
  return {};
}

std::string_view path_segment(std::string_view path, std::uint32_t number) {
  std::string_view segment = take_until(path, '/');  // what stands before the leading slash: nothing
  for (std::uint32_t i = 0; i < number; ++i) {
    segment = take_until(path, '/');
  }
  return segment;
}

// "10.0.0.1" when the whole address counts, else "10.0.0.0/24".
std::string address_text(const settings::Affinity& rule, const IpAddress& address) {
  const unsigned longest = address.is_v4() ? kV4Bits : kV6Bits;
  const unsigned bits = std::min(longest, address.is_v4() ? rule.ipv4_prefix : rule.ipv6_prefix);
  const IpAddress masked = address.masked(bits);
  return bits == longest ? masked.to_string() : masked.to_string() + "/" + std::to_string(bits);
}

std::optional<Key> key_unless_empty(KeyKind kind, std::string_view text) {
  return text.empty() ? std::nullopt : std::optional(Key::make(kind, text));
}

std::optional<Key> primary_key(const settings::Affinity& rule, const ClientFacts& client) {
  switch (rule.by) {
    case settings::AffinityBy::ClientIp:
      return Key::make(KeyKind::ClientIp, address_text(rule, client.address));
    case settings::AffinityBy::Header:
      return key_unless_empty(KeyKind::Header, header_value(client.request, rule.by_name));
    case settings::AffinityBy::Query:
      return key_unless_empty(KeyKind::Query, query_value(client.request.query, rule.by_name));
    case settings::AffinityBy::Path:
      return key_unless_empty(KeyKind::Path, path_segment(client.request.path, rule.by_segment));
    case settings::AffinityBy::Cookie:
    case settings::AffinityBy::None:
      break;
  }
  return std::nullopt;
}

}  // namespace

std::string_view word(KeyKind kind) noexcept {
  const auto row = std::ranges::find(kKindWords, kind, &std::pair<KeyKind, std::string_view>::first);
  return row != kKindWords.end() ? row->second : "unknown";
}

std::optional<KeyKind> key_kind_of(std::string_view word) noexcept {
  const auto row = std::ranges::find(kKindWords, word, &std::pair<KeyKind, std::string_view>::second);
  return row != kKindWords.end() ? std::optional(row->first) : std::nullopt;
}

std::string text_for_log(KeyKind kind, std::string_view text) {
  const bool is_secret = kind == KeyKind::Header || kind == KeyKind::Query;
  return is_secret && !is_digest(text) ? digest_of(text) : std::string(text);
}

Key Key::make(KeyKind kind, std::string_view text) {
  Key key{.kind = kind, .text = std::string(text), .hash = 0};
  if (text.size() > kMaxKeyBytes) {
    key.text = digest_of(text);
  }
  key.hash = XXH3_64bits_withSeed(key.text.data(), key.text.size(), static_cast<XXH64_hash_t>(kind));
  return key;
}

std::optional<Key> extract_key(const settings::Affinity& rule, const ClientFacts& client) {
  std::optional<Key> key = primary_key(rule, client);
  const bool falls_back =
      rule.fallback == settings::AffinityFallback::ClientIp && rule.by != settings::AffinityBy::None;
  if (!key && falls_back) {
    key = Key::make(KeyKind::ClientIp, address_text(rule, client.address));
  }
  return key;
}

}  // namespace limpet::affinity
