#include "proxy/snapshot.h"

#include "base/text.h"

namespace limpet::proxy {

namespace {

// /a takes /a and /a/b, not /ab.
bool takes_path(std::string_view prefix, std::string_view path) noexcept {
  while (!prefix.empty() && prefix.back() == '/') {
    prefix.remove_suffix(1);
  }
  return path.substr(0, prefix.size()) == prefix &&
         (path.size() == prefix.size() || path[prefix.size()] == '/');
}

bool takes(const Route& route, std::string_view host, std::string_view path) noexcept {
  return (route.host.empty() || iequals(route.host, host)) &&
         (route.path.empty() || takes_path(route.path, path));
}

}  // namespace

net::TlsClientPtr Snapshot::tls_to(backends::BackendId backend) const {
  const auto found = backend_tls.find(backend);
  return found == backend_tls.end() ? nullptr : found->second;
}

const affinity::PoolView* Snapshot::pool(affinity::PoolId id) const noexcept {
  for (const auto& candidate : pools) {
    if (candidate.id == id) {
      return &candidate;
    }
  }
  return nullptr;
}

const affinity::PoolView* Snapshot::pool_named(std::string_view name) const noexcept {
  for (const auto& candidate : pools) {
    if (candidate.name == name && !candidate.is_leaving) {
      return &candidate;
    }
  }
  return nullptr;
}

const affinity::PoolView* Snapshot::pool_of(backends::BackendId backend) const noexcept {
  for (const auto& candidate : pools) {
    if (candidate.backends.by_id(backend) != nullptr) {
      return &candidate;
    }
  }
  return nullptr;
}

const Route* Snapshot::find_route(std::string_view host, std::string_view path) const noexcept {
  for (const Route& route : routes) {
    if (takes(route, host, path)) {
      return &route;
    }
  }
  return nullptr;
}

}  // namespace limpet::proxy
