#include "app/pool_builder.h"

#include "affinity/cookie_codec.h"
#include "affinity/walk.h"

namespace limpet::app {

Result<bool> PoolBuilder::load_keys(const settings::Settings& settings) {
  std::map<std::string, std::shared_ptr<const affinity::CookieCodec>> codecs;
  for (const settings::Pool& pool : settings.pools) {
    const std::string& file = pool.affinity.cookie.secret_file;
    if (pool.affinity.by != settings::AffinityBy::Cookie || codecs.count(file) != 0) {
      continue;
    }
    auto keys = affinity::read_or_make_key_file(file);
    if (!keys.ok()) {
      return keys.error();
    }
    codecs[file] = std::make_shared<affinity::CookieCodec>(std::move(keys).value());
  }
  codecs_ = std::move(codecs);
  return true;
}

proxy::SnapshotPtr PoolBuilder::build(const settings::Settings& settings) {
  auto snapshot = std::make_shared<proxy::Snapshot>();
  snapshot->generation = ++generation_;
  snapshot->limits = settings.limits;
  snapshot->timeouts = settings.timeouts;
  snapshot->retries = settings.retries;
  snapshot->access_log = settings.log.access;
  snapshot->trusted_proxies = settings.trusted_proxies;
  for (const settings::Pool& pool : settings.pools) {
    snapshot->pools.push_back(build_pool(pool));
  }
  for (const settings::Route& route : settings.routes) {
    snapshot->routes.push_back({route.host, route.path, pool_id(route.pool)});
  }
  return snapshot;
}

affinity::PoolView PoolBuilder::build_pool(const settings::Pool& pool) {
  affinity::PoolView view;
  view.id = pool_id(pool.name);
  view.name = pool.name;
  view.rule = pool.affinity;
  view.drain = pool.drain;
  view.has_slow_start = pool.health.slow_start > Duration::zero();
  std::vector<backends::Backend> list;
  list.reserve(pool.backends.size());
  for (const settings::Backend& backend : pool.backends) {
    list.push_back(build_backend(pool.name, backend));
  }
  view.backends = backends::BackendSet(std::move(list));
  if (pool.affinity.by == settings::AffinityBy::Cookie) {
    view.codec = codecs_.at(pool.affinity.cookie.secret_file);
  }
  return view;
}

backends::Backend PoolBuilder::build_backend(const std::string& pool, const settings::Backend& backend) {
  Known& known = backends_[{pool, backend.name}];
  if (known.state == nullptr) {
    known.id = static_cast<backends::BackendId>(backends_.size());
    known.state = std::make_shared<backends::BackendState>();
  }
  backends::Backend built;
  built.id = known.id;
  built.spec = {backend.name, backend.address, backend.weight, backend.max_sessions};
  built.name_hash = affinity::hash_name(backend.name);
  built.address = backend.address.literal();
  built.state = known.state;
  if (const auto found = addresses_.find(backend.address.host); !built.address && found != addresses_.end()) {
    built.address = SocketAddress(found->second, backend.address.port);
  }
  return built;
}

affinity::PoolId PoolBuilder::pool_id(const std::string& pool) {
  return pools_.try_emplace(pool, static_cast<affinity::PoolId>(pools_.size() + 1)).first->second;
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
