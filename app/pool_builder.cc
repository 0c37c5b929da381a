#include "app/pool_builder.h"

#include <algorithm>

#include "affinity/cookie_codec.h"
#include "affinity/walk.h"

namespace limpet::app {

namespace {

// Calls `visit(pool)` for the first pool of each key file.
template <typename Visit>
void for_each_key_file(const settings::Settings& settings, Visit visit) {
  std::set<std::string> seen;
  for (const settings::Pool& pool : settings.pools) {
    const bool is_needed = pool.affinity.by == settings::AffinityBy::Cookie;
    if (is_needed && seen.insert(pool.affinity.cookie.secret_file).second) {
      visit(pool);
    }
  }
}

void take(PoolBuilder::KeysRead& keys, const settings::Pool& pool, Result<std::vector<crypto::Key>> read) {
  if (read.ok()) {
    keys.codecs[pool.affinity.cookie.secret_file] =
        std::make_shared<affinity::CookieCodec>(std::move(read).value());
  } else {
    keys.faults.push_back({pool.name, read.error()});
  }
}

}  // namespace

PoolBuilder::KeysRead PoolBuilder::read_keys(const settings::Settings& settings) {
  KeysRead keys;
  for_each_key_file(settings, [&](const settings::Pool& pool) {
    auto read = affinity::read_key_file(pool.affinity.cookie.secret_file);
    if (!read.ok() && read.error().code == ErrorCode::NotFound) {
      keys.missing.push_back(pool.affinity.cookie.secret_file);
    } else {
      take(keys, pool, std::move(read));
    }
  });
  return keys;
}

void PoolBuilder::make_keys(const settings::Settings& settings, KeysRead& keys) {
  for_each_key_file(settings, [&](const settings::Pool& pool) {
    const std::string& file = pool.affinity.cookie.secret_file;
    if (std::erase(keys.missing, file) != 0) {
      take(keys, pool, affinity::read_or_make_key_file(file));
    }
  });
}

proxy::SnapshotPtr PoolBuilder::build(const settings::Settings& settings,
                                      const std::vector<StandingPool>& standing) {
  auto snapshot = std::make_shared<proxy::Snapshot>();
  snapshot->generation = ++generation_;
  snapshot->limits = settings.limits;
  snapshot->timeouts = settings.timeouts;
  snapshot->retries = settings.retries;
  snapshot->access_log = settings.log.access;
  snapshot->trusted_proxies = settings.trusted_proxies;
  snapshot->forwarded = settings.forwarded;
  for (const StandingPool& pool : standing) {
    snapshot->pools.push_back(build_pool(pool));
    snapshot->introduces_clients |= std::ranges::any_of(
        pool.pool.backends,
        [](const settings::Backend& backend) { return backend.send_proxy != ProxyVersion::Off; });
    add_tls(*snapshot, pool.pool);
  }
  for (const settings::Route& route : settings.routes) {
    snapshot->routes.push_back(build_route(route));
  }
  forget_old_ones();
  return snapshot;
}

// Of the pool that was built last.
void PoolBuilder::add_tls(proxy::Snapshot& snapshot, const settings::Pool& pool) const {
  for (const settings::Backend& backend : pool.backends) {
    if (backend.tls) {
      snapshot.backend_tls[backends_.at({pool.name, backend.name}).id] =
          certificates_.contexts().backends.at({pool.name, backend.name});
    }
  }
}

affinity::PoolView PoolBuilder::build_pool(const StandingPool& standing) {
  const settings::Pool& pool = standing.pool;
  affinity::PoolView view;
  view.id = pool_id(pool.name);
  view.name = pool.name;
  view.rule = pool.affinity;
  view.drain = pool.drain;
  view.has_slow_start = pool.health.slow_start > Duration::zero();
  view.is_leaving = standing.is_leaving;
  std::vector<backends::Backend> list;
  list.reserve(pool.backends.size());
  for (const settings::Backend& backend : pool.backends) {
    list.push_back(build_backend(pool.name, backend));
    list.back().is_leaving = list.size() > standing.staying;
  }
  view.backends = backends::BackendSet(std::move(list));
  // The keys of a pool that is leaving may have gone with it: nobody new comes there.
  const auto codec = codecs_.find(pool.affinity.cookie.secret_file);
  if (pool.affinity.by == settings::AffinityBy::Cookie && codec != codecs_.end()) {
    view.codec = codec->second;
  }
  return view;
}

backends::Backend PoolBuilder::build_backend(const std::string& pool, const settings::Backend& backend) {
  Known& known = backends_[{pool, backend.name}];
  if (known.state == nullptr) {
    known.id = ++last_backend_;
    known.state = std::make_shared<backends::BackendState>(workers_);
  }
  known.built = generation_;
  backends::Backend built;
  built.id = known.id;
  built.spec = {backend.name, backend.address, backend.weight, backend.max_sessions, backend.send_proxy};
  built.name_hash = affinity::hash_name(backend.name);
  built.address = backend.address.literal();
  built.state = known.state;
  if (const auto found = addresses_.find(backend.address.host); !built.address && found != addresses_.end()) {
    built.address = SocketAddress(found->second, backend.address.port);
  }
  return built;
}

void PoolBuilder::forget_old_ones() {
  std::vector<std::uint64_t> gone;
  for (const auto& [name, known] : backends_) {
    if (known.built != generation_) {
      gone.push_back(known.built);
    }
  }
  if (gone.size() <= kMostRemembered) {
    return;
  }
  // Half of them at once, so that this is rare.
  const auto middle = gone.begin() + static_cast<std::ptrdiff_t>(gone.size() / 2);
  std::ranges::nth_element(gone, middle);
  std::erase_if(backends_, [&](const auto& entry) { return entry.second.built <= *middle; });
}

const affinity::PoolView* PoolBuilder::find_view(const proxy::Snapshot& snapshot,
                                                 const std::string& pool) const {
  const auto found = pools_.find(pool);
  return found != pools_.end() ? snapshot.pool(found->second) : nullptr;
}

void PoolBuilder::keep_addresses(const std::set<std::string>& hosts) {
  std::erase_if(addresses_, [&](const auto& entry) { return hosts.count(entry.first) == 0; });
}

affinity::PoolId PoolBuilder::pool_id(const std::string& pool) {
  return pools_.try_emplace(pool, static_cast<affinity::PoolId>(pools_.size() + 1)).first->second;
}

proxy::Route PoolBuilder::build_route(const settings::Route& route) {
  proxy::Route built{.host = route.host, .path = route.path, .pool = pool_id(route.pool)};
  built.id = routes_.try_emplace(built.text(), static_cast<proxy::RouteId>(routes_.size() + 1)).first->second;
  return built;
}

bool PoolBuilder::set_address(const std::string& host, std::optional<IpAddress> address) {
  const auto found = addresses_.find(host);
  if (!address) {
    return addresses_.erase(host) != 0;
  }
  if (found != addresses_.end() && found->second == *address) {
    return false;
  }
  addresses_[host] = *address;
  return true;
}

}  // namespace limpet::app
