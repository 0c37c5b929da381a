// Snapshot: everything that configuration and name resolution decide, one immutable value with a generation
// number. Control makes it and posts it; a worker reads it during a callback and stores nothing of it. Any
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "affinity/decide.h"
#include "base/address.h"
#include "net/tls_client.h"
#include "proxy/route.h"
#include "settings/settings.h"

namespace limpet::proxy {

struct Snapshot {
  std::uint64_t generation = 0;
  settings::Limits limits;
  settings::Timeouts timeouts;
  std::uint32_t retries = 2;
  bool access_log = true;
  std::vector<IpNetwork> trusted_proxies;
  settings::ForwardedHeaders forwarded = settings::ForwardedHeaders::XForwarded;
  bool introduces_clients = false;  // some backend gets a PROXY header
  std::vector<affinity::PoolView> pools;
  std::vector<Route> routes;
  std::map<backends::BackendId, net::TlsClientPtr> backend_tls;  // without those in plain TCP

  // nullptr when the backend is spoken to in plain TCP.
  [[nodiscard]] net::TlsClientPtr tls_to(backends::BackendId backend) const;
  // nullptr when that pool is not there.
  [[nodiscard]] const affinity::PoolView* pool(affinity::PoolId id) const noexcept;
  // Not one that is leaving: nothing is routed there.
  [[nodiscard]] const affinity::PoolView* pool_named(std::string_view name) const noexcept;
  // The one that has this backend; nullptr when none has.
  [[nodiscard]] const affinity::PoolView* pool_of(backends::BackendId backend) const noexcept;
  // The first route that takes the request; nullptr when none does.
  [[nodiscard]] const Route* find_route(std::string_view host, std::string_view path) const noexcept;
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;

}  // namespace limpet::proxy
