// Source: what the admin endpoint shows and changes, as plain values, so that nothing here knows workers or
// probes. Implemented by the app, by a fake in tests. Control thread; no call waits.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "admin/drain_info.h"
#include "admin/forecast_info.h"
#include "admin/history.h"
#include "admin/metrics_info.h"
#include "admin/publish_info.h"
#include "admin/refusal.h"
#include "admin/reload_info.h"
#include "admin/shared_info.h"
#include "admin/tls_info.h"
#include "admin/upgrade_info.h"
#include "affinity/decide.h"
#include "affinity/key.h"
#include "affinity/table.h"
#include "backends/backend.h"
#include "base/clock.h"
#include "base/counters.h"

namespace limpet::admin {

using NamedCount = std::pair<std::string_view, std::uint64_t>;  // the name is static text

struct ListenerInfo {
  std::string address;
  std::string pool;
  std::vector<CertificateInfo> certificates{};  // none: plain TCP
  std::string_view kernel_tls{};                // a word; empty: plain TCP
};

// How the backends of a pool are drained unless an order says otherwise.
struct PoolInfo {
  std::string name;
  double drain_per_second = 0;  // 0 = no limit
  Duration drain_grace{};
};

// How much of something that has a limit is in use.
struct RoomInfo {
  std::string_view name;  // static text
  std::uint64_t used = 0;
  std::uint64_t most = 0;  // 0 = not known
};

struct StatusInfo {
  std::string version;
  Duration uptime{};
  std::size_t workers = 0;
  std::uint64_t generation = 0;
  std::uint64_t sessions = 0;  // live tunnels
  std::vector<NamedCount> totals;
  std::vector<NamedCount> ends;  // by close reason, without zeros
  std::vector<ListenerInfo> listeners;
  TlsTotals tls_clients{};
  TlsTotals tls_backends{};
  std::size_t pins = 0;
  ConfigurationInfo config;
  std::uint32_t pid = 0;
  std::optional<PredecessorInfo> predecessor;  // while it drains
  std::vector<PoolInfo> pools{};
  std::optional<SharedStateInfo> shared_state{};  // none: nothing is shared with other nodes
  std::string_view not_ready{};                   // as why_not_ready()
  std::vector<RoomInfo> room{};
  std::uint64_t evicted_pins = 0;
};

struct MetricsInfo {
  StatusInfo status;
  ProcessInfo process{};
  std::array<std::uint64_t, kCounterCount> totals{};  // by Counter
  std::uint64_t reloads_applied = 0;
  std::uint64_t reloads_refused = 0;
  std::vector<WorkerMetrics> workers{};
  std::vector<PoolMetrics> pools{};
  std::vector<BackendMetrics> backends{};  // in the order of the pools
};

struct ProbeInfo {
  bool ok = false;
  std::string detail;
  WallTime when;
  Duration took{};
};

struct BackendInfo {
  std::string name;
  std::string pool;
  std::string address;
  std::uint32_t weight = 1;
  backends::Health health = backends::Health::Unknown;
  backends::Mode mode = backends::Mode::Enabled;
  std::uint32_t sessions = 0;
  std::uint64_t requests = 0;
  std::uint64_t failures = 0;
  std::optional<ProbeInfo> last_probe;      // none before the first
  std::optional<DrainInfo> drain{};         // none while its sessions are not sent away
  std::optional<WallTime> ejected_until{};  // none unless the failures of traffic keep clients away
  std::string_view runtime = {};            // how it was changed without a file; empty = not. Static text
  bool is_leaving = false;                  // removed: here until its last session has gone
  std::uint32_t elsewhere = 0;              // sessions and requests through other nodes that share their load
};

struct PinInfo {
  std::string key;
  affinity::KeyKind kind = affinity::KeyKind::Cookie;
  std::string pool;
  std::string backend;  // empty when it is gone
  affinity::PinReason reason = affinity::PinReason::Balance;
  std::uint32_t sessions = 0;
  WallTime created;
  WallTime last_seen;
  std::optional<WallTime> expires;  // none while sessions are live
};

// Which backend: by name, and by pool where the name alone does not tell. An empty name is no backend.
struct BackendChoice {
  std::string name;
  std::string pool;
};

struct PinQuery {
  std::size_t limit = 0;
  std::uint64_t cursor = 0;  // 0 = from the start
  BackendChoice backend;
  std::optional<affinity::KeyKind> kind;
};

struct PinPage {
  std::size_t total = 0;  // of the whole table
  std::vector<PinInfo> entries;
  std::uint64_t next = 0;  // 0 = this was the last page
};

// A key as a person names it. Without pool and kind: the first entry with that text.
struct KeyChoice {
  std::string key;
  std::string pool;
  std::optional<affinity::KeyKind> kind;
};

// Where a key is pinned by hand.
struct PinTarget {
  std::string backend;
  bool move = false;  // its live sessions elsewhere are sent away
};

// The request of a client as far as affinity looks at it.
struct ExplainQuery {
  std::string pool;
  std::optional<IpAddress> client_ip;
  std::optional<std::string> cookie;  // value of the pool's affinity cookie
  std::optional<std::string> header;  // value of the header that the pool keys on
  std::optional<std::string> query;   // value of the query parameter that the pool keys on
  std::optional<std::string> path;
};

struct Explanation {
  std::string pool;
  std::optional<affinity::Key> key;  // none: this client has no key yet
  std::vector<affinity::TraceStep> steps;
  std::string backend;  // empty when nobody can take the request
  std::string reason;   // of the pin that would be made, or why there is no backend
};

struct SessionInfo {
  std::uint64_t id = 0;
  std::string key;  // empty without affinity
  std::string backend;
  std::string pool;
  std::string client;
  std::string request_id;
  Duration age{};
  Duration idle{};
  std::uint64_t messages_from_client = 0;
  std::uint64_t messages_from_backend = 0;
  std::uint64_t bytes_from_client = 0;
  std::uint64_t bytes_from_backend = 0;
  std::uint64_t queued_bytes = 0;  // wait here for an end that does not take them
};

struct SessionQuery {
  std::size_t limit = 0;
  std::uint64_t cursor = 0;  // 0 = from the start
  BackendChoice backend;
};

struct SessionPage {
  std::vector<SessionInfo> sessions;
  std::uint64_t next = 0;  // 0 = this was the last page; a page may be short while it is set
};

// One session that is to be ended at a frame boundary, and that is leaving.
struct SessionEnd {
  std::uint64_t id = 0;
};
struct EndedSession {
  std::uint64_t id = 0;
};

// Who waits for what only the workers know.
class SessionsWaiter {
 public:
  virtual void on_sessions(OrRefusal<SessionPage> page) = 0;
  virtual void on_ended(OrRefusal<EndedSession> ended) = 0;

 protected:
  ~SessionsWaiter() = default;
};

class Source : public ConfigurationCalls, public UpgradeCalls, public PublishCalls, public ForecastCalls {
 public:
  // Empty = ready, else a word that says what is missing.
  [[nodiscard]] virtual std::string_view why_not_ready() const = 0;
  [[nodiscard]] virtual StatusInfo status() const = 0;
  [[nodiscard]] virtual std::vector<BackendInfo> backends() const = 0;
  [[nodiscard]] virtual MetricsInfo metrics() const = 0;
  [[nodiscard]] virtual const History& history() const = 0;

  [[nodiscard]] virtual OrRefusal<PinPage> pins(const PinQuery& query) const = 0;
  [[nodiscard]] virtual OrRefusal<PinInfo> pin(const KeyChoice& choice) const = 0;
  [[nodiscard]] virtual OrRefusal<PinInfo> set_pin(const KeyChoice& choice, const PinTarget& target) = 0;
  // Answers the entry as it was.
  [[nodiscard]] virtual OrRefusal<PinInfo> forget_pin(const KeyChoice& choice) = 0;
  // Changes nothing.
  [[nodiscard]] virtual OrRefusal<Explanation> explain(const ExplainQuery& query) const = 0;

  // Answers the backend as it is then.
  [[nodiscard]] virtual OrRefusal<BackendInfo> set_mode(const BackendChoice& backend,
                                                        const ModeOrder& order) = 0;

  // Both answer through `waiter`, once, now or later, unless cancel() comes first. A waiter waits for one
  // answer.
  virtual void list_sessions(const SessionQuery& query, SessionsWaiter& waiter) = 0;
  virtual void end_session(const SessionEnd& end, SessionsWaiter& waiter) = 0;
  virtual void cancel(SessionsWaiter& waiter) = 0;

 protected:
  ~Source() = default;
};

}  // namespace limpet::admin
