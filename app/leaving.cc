#include "app/leaving.h"

#include <algorithm>

#include "settings/find_named.h"

namespace limpet::app {

namespace {

bool stands_in(const settings::Settings& settings, const std::string& pool, const std::string& backend) {
  return settings::find_backend(settings, pool, backend) != nullptr;
}

}  // namespace

void Leaving::update(const settings::Settings& before, const settings::Settings& after, Instant now) {
  for (const settings::Pool& pool : before.pools) {
    for (const settings::Backend& backend : pool.backends) {
      if (!stands_in(after, pool.name, backend.name)) {
        leave(pool, backend, now);
      }
    }
  }
  for (Members& entry : pools_) {
    std::erase_if(entry.members, [&](const Member& member) {
      return stands_in(after, entry.pool.name, member.backend.name);
    });
  }
  std::erase_if(pools_, [](const Members& entry) { return entry.members.empty(); });
}

Leaving::Members& Leaving::members_of(const settings::Pool& pool) {
  const auto found =
      std::ranges::find_if(pools_, [&](const Members& entry) { return entry.pool.name == pool.name; });
  if (found != pools_.end()) {
    return *found;
  }
  Members& entry = pools_.emplace_back();
  return entry;
}

// The rules of a pool that has gone are those it had last.
void Leaving::leave(const settings::Pool& pool, const settings::Backend& backend, Instant now) {
  Members& entry = members_of(pool);
  entry.pool = pool;
  entry.pool.backends.clear();
  entry.members.push_back({backend, now});
}

bool Leaving::forget_where(
    Instant now, const std::function<bool(const std::string& pool, const std::string& backend)>& has_gone) {
  std::size_t gone = 0;
  for (Members& entry : pools_) {
    gone += std::erase_if(entry.members, [&](const Member& member) {
      return now - member.since >= kShortestStay && has_gone(entry.pool.name, member.backend.name);
    });
  }
  std::erase_if(pools_, [](const Members& entry) { return entry.members.empty(); });
  return gone > 0;
}

std::vector<StandingPool> Leaving::stand(const settings::Settings& settings) const {
  std::vector<StandingPool> standing;
  for (const settings::Pool& pool : settings.pools) {
    standing.push_back({.pool = pool, .staying = pool.backends.size(), .is_leaving = false});
  }
  for (const Members& entry : pools_) {
    auto found = std::ranges::find_if(
        standing, [&](const StandingPool& pool) { return pool.pool.name == entry.pool.name; });
    if (found == standing.end()) {
      standing.push_back({.pool = entry.pool, .staying = 0, .is_leaving = true});
      found = std::prev(standing.end());
    }
    for (const Member& member : entry.members) {
      found->pool.backends.push_back(member.backend);
    }
  }
  return standing;
}

}  // namespace limpet::app
