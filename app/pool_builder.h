// PoolBuilder: turns settings into the pools of a Snapshot. Keeps what must outlive one snapshot: the numbers
// of pools and backends, their states, the cookie keys, and the address each name has resolved to. Control
// thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "affinity/decide.h"
#include "app/certificates.h"
#include "app/leaving.h"
#include "base/result.h"
#include "proxy/snapshot.h"
#include "settings/settings.h"

namespace limpet::app {

class PoolBuilder {
 public:
  using Codecs = std::map<std::string, std::shared_ptr<const affinity::CookieCodec>>;  // by key file

  // A key file that cannot be used, and a pool that names it.
  struct KeyFault {
    std::string pool;
    Error error;
  };
  struct KeysRead {
    Codecs codecs;
    std::vector<std::string> missing;  // files that are not there yet
    std::vector<KeyFault> faults;
  };
  // Reads the cookie key files that the settings name, and changes nothing.
  [[nodiscard]] static KeysRead read_keys(const settings::Settings& settings);
  // Makes those that are missing.
  static void make_keys(const settings::Settings& settings, KeysRead& keys);
  void use_keys(Codecs codecs) { codecs_ = std::move(codecs); }

  // How many count what passes through the backends; before the first build().
  void set_workers(std::size_t workers) noexcept { workers_ = workers; }
  // Requires the keys of these settings in use_keys(). Names without an address so far become backends
  // without one. `standing`: the pools of the settings and who is leaving them, in this order in the
  // snapshot.
  [[nodiscard]] proxy::SnapshotPtr build(const settings::Settings& settings,
                                         const std::vector<StandingPool>& standing);

  [[nodiscard]] Certificates& certificates() noexcept { return certificates_; }

  // The newest address of a name; none = it does not resolve. True when that is a change.
  bool set_address(const std::string& host, std::optional<IpAddress> address);
  // Other names are not needed any more.
  void keep_addresses(const std::set<std::string>& hosts);

  // The pool of that name in a snapshot that was built here, one that is leaving too.
  [[nodiscard]] const affinity::PoolView* find_view(const proxy::Snapshot& snapshot,
                                                    const std::string& pool) const;

 private:
  void add_tls(proxy::Snapshot& snapshot, const settings::Pool& pool) const;
  [[nodiscard]] affinity::PoolView build_pool(const StandingPool& standing);
  [[nodiscard]] backends::Backend build_backend(const std::string& pool, const settings::Backend& backend);
  [[nodiscard]] affinity::PoolId pool_id(const std::string& pool);
  [[nodiscard]] proxy::Route build_route(const settings::Route& route);
  void forget_old_ones();

  // A backend that was removed is remembered, so that it is what it was when it comes back; of those, the
  // longest gone are forgotten beyond this.
  static constexpr std::size_t kMostRemembered = 4096;

  struct Known {
    backends::BackendId id = 0;
    std::shared_ptr<backends::BackendState> state;
    std::uint64_t built = 0;  // the last generation it stood in
  };

  std::map<std::pair<std::string, std::string>, Known> backends_;  // by pool and name
  std::map<std::string, affinity::PoolId> pools_;  // a name takes a hundred bytes: they are kept for good
  std::map<std::string, proxy::RouteId> routes_;   // by text, likewise
  std::map<std::string, IpAddress> addresses_;     // by host name
  Codecs codecs_;
  Certificates certificates_;
  backends::BackendId last_backend_ = 0;
  std::uint64_t generation_ = 0;
  std::size_t workers_ = 1;
};

}  // namespace limpet::app
