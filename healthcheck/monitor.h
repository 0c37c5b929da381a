// Monitor: keeps the health of every backend: runs its probes on schedule, hears of the failures that traffic
// has seen, and writes the verdict into BackendState. Control thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "base/address.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/tls_client.h"
#include "net/uv_loop.h"
#include "settings/settings.h"

namespace limpet::healthcheck {

struct Target {
  std::string pool;
  backends::Backend backend;  // without an address it is down until the next set_targets()
  settings::Health rule;
  net::TlsClientPtr tls{};  // null: in plain TCP
};

// How the last probe of a backend went, for people.
struct LastProbe {
  bool ok = false;
  std::string detail;  // "connected", "status 200", "refused", "no answer within 1s", ...
  Instant when;
  Duration took{};
};

// What the probes of a backend, or connects of traffic that failed in a row, have changed. An ejection is
// none of it: it keeps new clients away and says nothing of the sessions that live.
struct HealthChange {
  const Target& target;  // for the call only
  backends::Health to = backends::Health::Unknown;
  Instant when;
};

class Monitor {
 public:
  using OnChange = std::function<void(const HealthChange&)>;

  Monitor(net::UvLoop& loop, Log& log, std::uint64_t seed);
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  // Told of every change from now on, of the first result too; a target that is taken away becomes unknown.
  // Must not call set_targets().
  void on_change(OnChange callback);
  // By difference: a target that is the same as before goes on undisturbed, in the middle of a probe too.
  void set_targets(std::vector<Target> targets);
  // None before the first probe and for unknown backends.
  [[nodiscard]] std::optional<LastProbe> last_probe(backends::BackendId backend) const;
  // None unless the failures of traffic keep clients away from it.
  [[nodiscard]] std::optional<Instant> ejected_until(backends::BackendId backend) const;

 private:
  struct Inner;
  std::unique_ptr<Inner> inner_;
};

}  // namespace limpet::healthcheck
