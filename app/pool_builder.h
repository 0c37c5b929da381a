// PoolBuilder: turns settings into the pools of a Snapshot. Keeps what must outlive one snapshot: the numbers
// of pools and backends, their states, the cookie keys, and the address each name has resolved to. Control
// thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "affinity/decide.h"
#include "base/result.h"
#include "proxy/snapshot.h"
#include "settings/settings.h"

namespace limpet::app {

class PoolBuilder {
 public:
  // Reads (or makes) the cookie key files that the settings name.
  [[nodiscard]] Result<bool> load_keys(const settings::Settings& settings);

  // Requires load_keys() with the same settings. Names without an address so far become backends without one.
  [[nodiscard]] proxy::SnapshotPtr build(const settings::Settings& settings);

  // The newest address of a name; none = it does not resolve. True when that is a change.
  bool set_address(const std::string& host, std::optional<IpAddress> address);

 private:
  [[nodiscard]] affinity::PoolView build_pool(const settings::Pool& pool);
  [[nodiscard]] backends::Backend build_backend(const std::string& pool, const settings::Backend& backend);
  [[nodiscard]] affinity::PoolId pool_id(const std::string& pool);

  struct Known {
    backends::BackendId id = 0;
    std::shared_ptr<backends::BackendState> state;
  };

  std::map<std::pair<std::string, std::string>, Known> backends_;  // by pool and name
  std::map<std::string, affinity::PoolId> pools_;
  std::map<std::string, IpAddress> addresses_;                                  // by host name
  std::map<std::string, std::shared_ptr<const affinity::CookieCodec>> codecs_;  // by key file
  std::uint64_t generation_ = 0;
};

}  // namespace limpet::app
