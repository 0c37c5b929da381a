// What differs between the pools of two configurations. Declared in difference.h and difference_rows.h.
#include <algorithm>
#include <tuple>

#include "settings/difference_rows.h"
#include "settings/find_named.h"

namespace limpet::settings {

namespace {

std::string names_of(const Pool& pool) {
  std::string names = "[";
  for (const Backend& backend : pool.backends) {
    names += (names.size() > 1 ? ", " : "") + backend.name;
  }
  return names + "]";
}

std::string pool_key(std::string_view pool) {
  return join_key("pools", pool);
}

void compare_backends(const Pool& from, const Pool& to, std::vector<Change>& changes) {
  for (const Backend& backend : from.backends) {
    const Change model{.key = backend_key(from.name, backend.name),
                       .owner = {.pool = from.name, .backend = backend.name}};
    if (const Backend* const other = find_named(to.backends, backend.name)) {
      compare(backend_rows(), backend, *other, model, changes, "name");
      compare_tls(backend, *other, model, changes);
      continue;
    }
    Change& removed = changes.emplace_back(model);
    removed.kind = ChangeKind::Removed;
    removed.from = describe(backend);
    removed.reaches_sessions = true;
  }
  for (const Backend& backend : to.backends) {
    if (find_named(from.backends, backend.name) == nullptr) {
      changes.push_back({.kind = ChangeKind::Added,
                         .key = backend_key(to.name, backend.name),
                         .to = describe(backend),
                         .owner = {.pool = to.name, .backend = backend.name}});
    }
  }
}

// Keys below affinity, health and drain, without the name of the pool in them.
std::vector<Change> compare_policies(const Pool& from, const Pool& to) {
  std::vector<Change> changes;
  compare(affinity_rows(), from.affinity, to.affinity, {.key = "affinity"}, changes);
  compare(health_rows(), from.health, to.health, {.key = "health"}, changes);
  compare(drain_rows(), from.drain, to.drain, {.key = "drain"}, changes);
  return changes;
}

struct PoolPair {
  const Pool* from;
  const Pool* to;
  std::vector<Change> policies;
};

void add_policies(const std::vector<PoolPair>& pairs, std::vector<Change>& changes) {
  const auto is_same = [](const Change& a, const Change& b) {
    return std::tie(a.key, a.from, a.to) == std::tie(b.key, b.from, b.to);
  };
  for (const PoolPair& pair : pairs) {
    for (const Change& change : pair.policies) {
      const bool is_everywhere = std::ranges::all_of(pairs, [&](const PoolPair& other) {
        return std::ranges::any_of(other.policies, [&](const Change& its) { return is_same(its, change); });
      });
      if (is_everywhere && &pair != &pairs.front()) {
        continue;  // told with the first pool
      }
      Change& told = changes.emplace_back(change);
      if (!is_everywhere) {
        told.key = join_key(pool_key(pair.from->name), change.key);
        told.owner.pool = pair.from->name;
      }
    }
  }
}

}  // namespace

void compare_pools(const Settings& from, const Settings& to, std::vector<Change>& changes) {
  std::vector<PoolPair> pairs;
  for (const Pool& pool : from.pools) {
    if (const Pool* const other = find_named(to.pools, pool.name)) {
      pairs.push_back({&pool, other, compare_policies(pool, *other)});
      continue;
    }
    changes.push_back({.kind = ChangeKind::Removed,
                       .key = pool_key(pool.name),
                       .from = names_of(pool),
                       .reaches_sessions = true,
                       .owner = {.pool = pool.name}});
  }
  for (const Pool& pool : to.pools) {
    if (find_named(from.pools, pool.name) == nullptr) {
      changes.push_back({.kind = ChangeKind::Added,
                         .key = pool_key(pool.name),
                         .to = names_of(pool),
                         .owner = {.pool = pool.name}});
    }
  }
  for (const PoolPair& pair : pairs) {
    compare_backends(*pair.from, *pair.to, changes);
  }
  add_policies(pairs, changes);
}

void compare_shared(const Settings& from, const Settings& to, std::vector<Change>& changes) {
  if (from.pools.empty() || to.pools.empty()) {
    return;
  }
  for (const Row<Affinity>& row : affinity_rows()) {
    std::string before = shown(row, from.pools.front().affinity);
    std::string after = shown(row, to.pools.front().affinity);
    if (row.key.is_shared && before != after) {
      changes.push_back({.key = join_key("affinity", row.key.path),
                         .from = std::move(before),
                         .to = std::move(after),
                         .is_reloadable = row.key.is_reloadable});
    }
  }
}

std::string backend_key(std::string_view pool, std::string_view backend) {
  return join_key(join_key(pool_key(pool), "backends"), backend);
}

std::string describe(const Backend& backend) {
  return summary_with_tls(backend_rows(), backend, "name");
}

}  // namespace limpet::settings
