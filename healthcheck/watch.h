// Watch: keeps the health of one backend: when it is probed, what the results and the traffic make of it, and
// the log line of every change. Owned by the Monitor. Control thread.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/log.h"
#include "base/random.h"
#include "healthcheck/monitor.h"
#include "healthcheck/probe.h"
#include "healthcheck/verdict.h"
#include "net/deadlines.h"
#include "net/uv_loop.h"

namespace limpet::healthcheck {

// What all watches of a monitor share; outlives them.
struct WatchContext {
  net::UvLoop& loop;
  Log& log;
  Random random{0};
};

class Watch final : public net::DeadlineOwner, public ProbeOwner {
 public:
  Watch(WatchContext& context, Target target);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Nothing happens unless the address, the endpoint or the rule is another; then a fresh probe comes soon
  // and the health stays until it is known better.
  void update(Target target);
  // Down at once when traffic has seen `fall` connects fail in a row.
  void look_at_traffic();
  [[nodiscard]] const std::optional<LastProbe>& last_probe() const noexcept { return last_; }

  void on_deadline() override;  // the next probe is due
  void on_probe_done(const ProbeResult& result) override;

 private:
  void begin();
  void stop_probe();
  void schedule_next();
  // Publishes the health; a change is logged.
  void show(backends::Health health, std::string_view detail);
  [[nodiscard]] bool is_probed() const noexcept;

  WatchContext& context_;
  Target target_;
  Verdict verdict_;  // Unknown until the first result, whatever is shown
  net::Deadline next_{*this};
  std::unique_ptr<Probe> probe_;  // null between two probes
  Instant probe_began_{};
  std::optional<LastProbe> last_;  // of the present address
};

}  // namespace limpet::healthcheck
