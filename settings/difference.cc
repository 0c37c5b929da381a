#include "settings/difference.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "settings/difference_rows.h"

namespace limpet::settings {

namespace {

std::string listener_key(const Listener& listener) {
  return join_key("listeners", listener.bind.to_string());
}

void compare_listeners(const Settings& from, const Settings& to, std::vector<Change>& changes) {
  const auto matches = match_listeners(from.listeners, to.listeners);
  for (std::size_t i = 0; i < from.listeners.size(); ++i) {
    if (std::ranges::find(matches, std::optional(i)) == matches.end()) {
      const Listener& listener = from.listeners[i];
      changes.push_back({.kind = ChangeKind::Removed,
                         .key = listener_key(listener),
                         .from = summary_with_tls(listener_rows(), listener, "bind")});
    }
  }
  for (std::size_t i = 0; i < to.listeners.size(); ++i) {
    const Listener& listener = to.listeners[i];
    if (matches[i]) {
      const Listener& before = from.listeners[*matches[i]];
      const Change model{.key = listener_key(listener)};
      compare(listener_rows(), before, listener, model, changes, "bind");
      compare_tls(before, listener, model, changes);
    } else {
      changes.push_back({.kind = ChangeKind::Added,
                         .key = listener_key(listener),
                         .to = summary_with_tls(listener_rows(), listener, "bind")});
    }
  }
}

// Their order decides, so they are compared place by place; what is alike before and behind stays out of it.
void compare_routes(const Settings& from, const Settings& to, std::vector<Change>& changes) {
  const auto& before = from.routes;
  const auto& after = to.routes;
  const std::size_t shorter = std::min(before.size(), after.size());
  std::size_t head = 0;
  while (head < shorter && before[head] == after[head]) {
    ++head;
  }
  std::size_t tail = 0;
  while (tail < shorter - head && before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) {
    ++tail;
  }
  for (std::size_t i = head; i < shorter - tail; ++i) {
    compare(route_rows(), before[i], after[i], {.key = item_key("routes", i)}, changes);
  }
  for (std::size_t i = shorter - tail; i < before.size() - tail; ++i) {
    changes.push_back({.kind = ChangeKind::Removed,
                       .key = item_key("routes", i),
                       .from = summary(route_rows(), before[i])});
  }
  for (std::size_t i = shorter - tail; i < after.size() - tail; ++i) {
    changes.push_back(
        {.kind = ChangeKind::Added, .key = item_key("routes", i), .to = summary(route_rows(), after[i])});
  }
}

template <typename Owner>
void keep(const Rows<Owner>& rows, const Owner& running, Owner& loaded) {
  for (const Row<Owner>& row : rows) {
    if (!row.key.is_reloadable) {
      const bool stored = row.store(loaded, row.show(running).front());
      LIMPET_ASSERT(stored && !row.key.is_list, "what a row shows it stores");
    }
  }
}

}  // namespace

std::string_view word(ChangeKind kind) noexcept {
  constexpr std::array<std::string_view, 3> kWords{"added", "removed", "changed"};
  return kWords[static_cast<std::size_t>(kind)];
}

std::vector<Change> difference(const Settings& from, const Settings& to) {
  std::vector<Change> changes;
  compare_listeners(from, to, changes);
  compare_pools(from, to, changes);
  compare_shared(from, to, changes);
  compare_routes(from, to, changes);
  compare(top_rows(), from, to, {}, changes);
  return changes;
}

void keep_what_needs_restart(const Settings& running, Settings& loaded) {
  keep(top_rows(), running, loaded);
  for (Pool& pool : loaded.pools) {
    if (!running.pools.empty()) {
      keep(affinity_rows(), running.pools.front().affinity, pool.affinity);
    }
  }
}

std::vector<std::optional<std::size_t>> match_listeners(const std::vector<Listener>& from,
                                                        const std::vector<Listener>& to) {
  std::vector<std::optional<std::size_t>> matches(to.size());
  std::vector<bool> taken(from.size());
  for (const bool with_pool : {true, false}) {
    for (std::size_t i = 0; i < to.size(); ++i) {
      for (std::size_t j = 0; j < from.size() && !matches[i]; ++j) {
        const bool is_same =
            from[j].bind.literal() == to[i].bind.literal() && (!with_pool || from[j].pool == to[i].pool);
        if (!taken[j] && is_same) {
          matches[i] = j;
          taken[j] = true;
        }
      }
    }
  }
  return matches;
}

}  // namespace limpet::settings
