#include "settings/schema.h"

namespace limpet::settings {

namespace {

template <typename Owner>
void append_keys(std::vector<Key>& keys, const std::string& prefix, const Rows<Owner>& rows) {
  for (const auto& row : rows) {
    keys.push_back(row.key);
    keys.back().path = prefix + row.key.path;
  }
}

}  // namespace

std::vector<Key> all_keys() {
  std::vector<Key> keys;
  append_keys(keys, "", top_rows());
  append_keys(keys, "listeners[].", listener_rows());
  append_keys(keys, "listeners[].tls.", listener_tls_rows());
  append_keys(keys, "listeners[].tls.certificates[].", certificate_rows());
  append_keys(keys, "backends[].", backend_rows());
  append_keys(keys, "backends[].tls.", backend_tls_rows());
  append_keys(keys, "routes[].", route_rows());
  append_keys(keys, "affinity.", affinity_rows());
  append_keys(keys, "health.", health_rows());
  append_keys(keys, "drain.", drain_rows());
  return keys;
}

}  // namespace limpet::settings
