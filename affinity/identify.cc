// Who the client is, and the cookie by which it is known again. Declared in decide.h.
#include <chrono>

#include "affinity/decide.h"
#include "base/assert.h"
#include "http/cookies.h"

namespace limpet::affinity {

namespace {

// The first valid cookie, or why the last one is not; none where there is none at all.
std::optional<std::variant<CookieContent, CookieFault>> find_cookie(const PoolView& pool,
                                                                    const Request& request) {
  const settings::Cookie& cookie = pool.rule.cookie;
  std::optional<std::variant<CookieContent, CookieFault>> found;
  for (const std::string_view value : http::cookie_values(request.client.request.fields, cookie.name)) {
    found = pool.codec->open(value, pool.name, request.wall_now, cookie.max_age);
    if (std::holds_alternative<CookieContent>(*found)) {
      break;
    }
  }
  return found;
}

bool is_aging(const CookieContent& content, const std::optional<Duration>& max_age, WallTime now) {
  return max_age && now - content.issued > *max_age / 2;
}

std::string_view word(settings::SameSite same_site) noexcept {
  switch (same_site) {
    case settings::SameSite::Lax:
      return "Lax";
    case settings::SameSite::Strict:
      return "Strict";
    case settings::SameSite::None:
      return "None";
  }
  return "Lax";
}

bool is_secure(settings::CookieSecure secure, bool client_used_tls) noexcept {
  return secure == settings::CookieSecure::On || (secure == settings::CookieSecure::Auto && client_used_tls);
}

}  // namespace

Identity identify(const PoolView& pool, const Request& request) {
  Identity identity;
  const bool by_cookie = pool.rule.by == settings::AffinityBy::Cookie && pool.codec != nullptr;
  if (by_cookie) {
    const auto found = find_cookie(pool, request);
    if (const auto* const content = found ? std::get_if<CookieContent>(&*found) : nullptr) {
      identity.key = Key::make(KeyKind::Cookie, content->key_text);
      identity.cookie_backend = content->backend_name_hash;
      identity.cookie_is_aging = is_aging(*content, pool.rule.cookie.max_age, request.wall_now);
      return identity;
    }
    if (found) {
      identity.cookie_fault = std::get<CookieFault>(*found);
    }
  }
  identity.key = extract_key(pool.rule, request.client);
  if (by_cookie && !identity.key) {
    identity.key = Key::make(KeyKind::Cookie, CookieCodec::new_key_text());
    identity.key_is_new = true;
  }
  return identity;
}

std::string cookie_for(const PoolView& pool, const Key& key, const backends::Backend& backend,
                       bool client_used_tls, WallTime now) {
  LIMPET_ASSERT(pool.codec != nullptr, "only a pool with a codec sets cookies");
  const settings::Cookie& cookie = pool.rule.cookie;
  const std::string value =
      pool.codec->encode({.key_text = key.kind == KeyKind::Cookie ? key.text : CookieCodec::new_key_text(),
                          .backend_name_hash = backend.name_hash,
                          .issued = now},
                         pool.name);
  http::SetCookie set{.name = cookie.name,
                      .value = value,
                      .path = cookie.path,
                      .domain = cookie.domain,
                      .same_site = word(cookie.same_site),
                      .secure = is_secure(cookie.secure, client_used_tls),
                      .http_only = cookie.http_only,
                      .max_age_s = std::nullopt};
  if (cookie.max_age) {
    set.max_age_s = std::chrono::duration_cast<std::chrono::seconds>(*cookie.max_age).count();
  }
  return http::to_field_value(set);
}

}  // namespace limpet::affinity
