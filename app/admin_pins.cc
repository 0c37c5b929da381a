#include "app/admin_pins.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace limpet::app {

namespace {

using admin::KeyChoice;
using admin::OrRefusal;
using admin::PinInfo;
using admin::Refusal;
using affinity::Key;
using affinity::KeyKind;
using affinity::PinView;
using affinity::PoolView;

constexpr std::size_t kCookieKeyDigits = 16;

Refusal no_pin(const std::string& key) {
  return {404, "key", "there is no pin of the key \"" + key + "\""};
}

Refusal no_backend(const std::string& name) {
  return {404, "backend", "there is no backend named \"" + name + "\""};
}

PinInfo info_of(const PinContext& context, const PinView& view) {
  const auto wall = [&context](Instant instant) { return context.wall_now + (instant - context.now); };
  const PoolView* const pool = context.snapshot.pool(view.pool);
  const backends::Backend* const backend = pool != nullptr ? pool->backends.by_id(view.pin.backend) : nullptr;
  return {.key = view.key,
          .kind = view.kind,
          .pool = pool != nullptr ? pool->name : std::string(),
          .backend = backend != nullptr ? backend->spec.name : std::string(),
          .reason = view.pin.reason,
          .sessions = view.sessions,
          .created = wall(view.created),
          .last_seen = wall(view.last_seen),
          .expires = view.expires ? std::optional(wall(*view.expires)) : std::nullopt};
}

bool fits(const PinContext& context, const PinView& view, const KeyChoice& choice) {
  const PoolView* const pool = context.snapshot.pool(view.pool);
  const bool pool_fits = choice.pool.empty() || (pool != nullptr && pool->name == choice.pool);
  return pool_fits && (!choice.kind || *choice.kind == view.kind);
}

std::optional<PinView> find_by_text(const PinContext& context, const KeyChoice& choice,
                                    std::string_view text) {
  for (PinView& view : context.table.find_text(text, context.now)) {
    if (fits(context, view, choice)) {
      return std::move(view);
    }
  }
  return std::nullopt;
}

std::optional<PinView> find_entry(const PinContext& context, const KeyChoice& choice) {
  if (auto found = find_by_text(context, choice, choice.key)) {
    return found;
  }
  const auto address = IpAddress::parse(choice.key);
  if (!address) {
    return std::nullopt;
  }
  for (const PoolView& pool : context.snapshot.pools) {
    const auto key = address_key(pool, *address);
    auto found = key ? find_by_text(context, choice, key->text) : std::nullopt;
    if (found) {
      return found;
    }
  }
  return std::nullopt;
}

Key key_of(const PinView& view) {
  return Key::make(view.kind, view.key);
}

std::optional<KeyKind> kind_of(settings::AffinityBy by) {
  static constexpr std::array<std::pair<settings::AffinityBy, KeyKind>, 5> kKinds{{
      {settings::AffinityBy::Cookie, KeyKind::Cookie},
      {settings::AffinityBy::ClientIp, KeyKind::ClientIp},
      {settings::AffinityBy::Header, KeyKind::Header},
      {settings::AffinityBy::Query, KeyKind::Query},
      {settings::AffinityBy::Path, KeyKind::Path},
  }};
  const auto row = std::ranges::find(kKinds, by, &std::pair<settings::AffinityBy, KeyKind>::first);
  return row != kKinds.end() ? std::optional(row->second) : std::nullopt;
}

OrRefusal<KeyKind> choose_kind(const PoolView& pool, const std::optional<KeyKind>& wanted) {
  const auto own = kind_of(pool.rule.by);
  if (!own) {
    return Refusal{400, "kind", "the pool \"" + pool.name + "\" has no affinity: no pin would be looked at"};
  }
  const bool has_fallback = pool.rule.fallback == settings::AffinityFallback::ClientIp;
  if (!wanted && has_fallback && *own != KeyKind::ClientIp) {
    return Refusal{400, "kind", "say the kind of the key: " + std::string(word(*own)) + " or client_ip"};
  }
  if (wanted && *wanted != *own && !(has_fallback && *wanted == KeyKind::ClientIp)) {
    return Refusal{400, "kind", "the pool \"" + pool.name + "\" has no keys of that kind"};
  }
  return wanted.value_or(*own);
}

bool is_cookie_key(std::string_view text) {
  return text.size() == kCookieKeyDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

OrRefusal<Key> make_key(const PoolView& pool, KeyKind kind, const std::string& text) {
  if (kind == KeyKind::Cookie && !is_cookie_key(text)) {
    return Refusal{400, "key", "the key of a cookie is 16 hex digits, as the affinity table shows it"};
  }
  if (kind != KeyKind::ClientIp) {
    return Key::make(kind, text);
  }
  if (const auto address = IpAddress::parse(text)) {
    if (auto key = address_key(pool, *address)) {
      return std::move(*key);
    }
  }
  const auto network = IpNetwork::parse(text);
  if (!network) {
    return Refusal{400, "key", "the key of a client_ip pin is an address or a network"};
  }
  return Key::make(kind, text);
}

struct PinPlace {
  const PoolView* pool = nullptr;
  Key key;
};

// Where a pin that is set by hand goes: over the entry that is there, or as a new one.
OrRefusal<PinPlace> place_of(const PinContext& context, const KeyChoice& choice) {
  if (const auto view = find_entry(context, choice)) {
    const PoolView* const pool = context.snapshot.pool(view->pool);
    if (pool != nullptr && !pool->is_leaving) {
      return PinPlace{.pool = pool, .key = key_of(*view)};
    }
  }
  const auto pool = locate_pool(context.snapshot, choice.pool);
  if (const auto* const refusal = std::get_if<Refusal>(&pool)) {
    return *refusal;
  }
  const PoolView& found = *std::get<const PoolView*>(pool);
  const auto kind = choose_kind(found, choice.kind);
  if (const auto* const refusal = std::get_if<Refusal>(&kind)) {
    return *refusal;
  }
  auto key = make_key(found, std::get<KeyKind>(kind), choice.key);
  if (const auto* const refusal = std::get_if<Refusal>(&key)) {
    return *refusal;
  }
  return PinPlace{.pool = &found, .key = std::move(std::get<Key>(key))};
}

}  // namespace

std::optional<Key> address_key(const PoolView& pool, const IpAddress& address) {
  const http::RequestHead nothing;
  auto key = affinity::extract_key(pool.rule, {.address = address, .request = nothing});
  return key && key->kind == KeyKind::ClientIp ? std::move(key) : std::nullopt;
}

OrRefusal<const PoolView*> locate_pool(const proxy::Snapshot& snapshot, std::string_view name) {
  if (!name.empty()) {
    const PoolView* const pool = snapshot.pool_named(name);
    return pool != nullptr ? OrRefusal<const PoolView*>(pool)
                           : Refusal{404, "pool", "there is no pool named \"" + std::string(name) + "\""};
  }
  const PoolView* only = nullptr;
  for (const PoolView& pool : snapshot.pools) {
    if (only != nullptr && !pool.is_leaving) {
      return Refusal{400, "pool", "there are several pools: say which one with pool"};
    }
    only = pool.is_leaving ? only : &pool;
  }
  return only;
}

Refusal leaves_with_its_last_session() {
  return {409, "removed", "the backend is no longer in the configuration and leaves with its last session"};
}

OrRefusal<LocatedBackend> locate(const proxy::Snapshot& snapshot, const admin::BackendChoice& choice) {
  LocatedBackend located;
  if (choice.name.empty()) {
    return located;
  }
  for (const PoolView& pool : snapshot.pools) {
    const bool is_wanted = choice.pool.empty() || pool.name == choice.pool;
    const backends::Backend* const backend = is_wanted ? pool.backends.by_name(choice.name) : nullptr;
    if (backend == nullptr) {
      continue;
    }
    if (located.backend != nullptr) {
      return Refusal{400, "pool", "several pools have a backend of that name: say which one with pool"};
    }
    located = {.pool = &pool, .backend = backend};
  }
  return located.backend != nullptr ? OrRefusal<LocatedBackend>(located) : no_backend(choice.name);
}

OrRefusal<admin::PinPage> list_pins(const PinContext& context, const admin::PinQuery& query) {
  const auto located = locate(context.snapshot, query.backend);
  if (const auto* const refusal = std::get_if<Refusal>(&located)) {
    return *refusal;
  }
  affinity::AffinityTable::Filter filter{.backend = std::nullopt, .kind = query.kind};
  if (const backends::Backend* const backend = std::get<LocatedBackend>(located).backend) {
    filter.backend = backend->id;
  }
  const auto page = context.table.list(query.cursor, query.limit, filter, context.now);
  admin::PinPage answer{.total = context.table.size(), .entries = {}, .next = page.next};
  for (const PinView& view : page.entries) {
    answer.entries.push_back(info_of(context, view));
  }
  return answer;
}

OrRefusal<PinInfo> find_pin(const PinContext& context, const KeyChoice& choice) {
  const auto view = find_entry(context, choice);
  return view ? OrRefusal<PinInfo>(info_of(context, *view)) : no_pin(choice.key);
}

OrRefusal<PinInfo> set_pin(const PinContext& context, const KeyChoice& choice, const std::string& backend) {
  const auto place = place_of(context, choice);
  if (const auto* const refusal = std::get_if<Refusal>(&place)) {
    return *refusal;
  }
  const auto& [pool, key] = std::get<PinPlace>(place);
  const backends::Backend* const target = pool->backends.by_name(backend);
  if (target == nullptr) {
    return no_backend(backend);
  }
  if (target->is_leaving) {
    return leaves_with_its_last_session();
  }
  context.table.set_by_hand(pool->id, key, target->id, pool->rule.ttl, context.now);
  return find_pin(context, {.key = key.text, .pool = pool->name, .kind = key.kind});
}

OrRefusal<PinInfo> forget_pin(const PinContext& context, const KeyChoice& choice) {
  const auto view = find_entry(context, choice);
  if (!view || !context.table.forget(view->pool, key_of(*view))) {
    return no_pin(choice.key);
  }
  return info_of(context, *view);
}

}  // namespace limpet::app
