// Watch: keeps the health of one backend: when it is probed, what the results and the traffic make of it, and
// the log line of every change. Owned by the Monitor. Control thread.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/log.h"
#include "base/random.h"
#include "healthcheck/ejection.h"
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
  Monitor::OnChange on_change;  // empty: nobody asked
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
  // It leaves: whoever listens hears that nothing is known of it any more.
  void retire();
  // Adds itself to what is counted of its pool.
  void count(PoolTally& tally) const noexcept;
  // Down at once when traffic has seen `fall` connects fail in a row; ejected and back by the rule of
  // Ejection. Keeps `tally` true.
  void look_at_traffic(PoolTally& tally);
  [[nodiscard]] const std::string& pool() const noexcept { return target_.pool; }
  [[nodiscard]] const std::optional<LastProbe>& last_probe() const noexcept { return last_; }
  [[nodiscard]] std::optional<Instant> ejected_until() const noexcept { return ejection_.until(); }

  void on_deadline() override;  // the next probe is due
  void on_probe_done(const ProbeResult& result) override;

 private:
  void begin();
  void stop_probe();
  void schedule_next();
  void look_at_connects();
  void look_at_failures(PoolTally& tally);
  // What probes and connects say from now on.
  void learn(backends::Health health, std::string_view detail);
  // Publishes what that and the ejection make together; a change is logged.
  void show(std::string_view detail);
  void count_change(backends::Health to) noexcept;
  void warm_up(Instant now) noexcept;
  [[nodiscard]] bool is_probed() const noexcept;
  [[nodiscard]] bool takes_clients() const noexcept;
  [[nodiscard]] Traffic traffic() const noexcept;

  WatchContext& context_;
  Target target_;
  Verdict verdict_;                                     // Unknown until the first result, whatever is shown
  backends::Health known_ = backends::Health::Unknown;  // without the ejection
  Ejection ejection_;
  bool has_served_ = false;             // it took clients before: when it comes back, it warms up
  std::optional<Instant> warms_since_;  // none unless it warms up
  net::Deadline next_{*this};
  std::unique_ptr<Probe> probe_;  // null between two probes
  Instant probe_began_{};
  std::optional<LastProbe> last_;  // of the present address
};

}  // namespace limpet::healthcheck
