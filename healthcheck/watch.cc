#include "healthcheck/watch.h"

#include <string>
#include <utility>

#include "backends/eligibility.h"
#include "healthcheck/duration_text.h"
#include "healthcheck/schedule.h"
#include "healthcheck/slow_start.h"

namespace limpet::healthcheck {

using backends::Health;

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

bool is_probed_alike(const Target& a, const Target& b) {
  return a.backend.address == b.backend.address && a.backend.spec.endpoint == b.backend.spec.endpoint &&
         a.backend.spec.send_proxy == b.backend.spec.send_proxy && a.rule == b.rule && a.tls == b.tls;
}

}  // namespace

Watch::Watch(WatchContext& context, Target target) : context_(context), target_(std::move(target)) {
  begin();
}

Watch::~Watch() {
  stop_probe();
}

void Watch::update(Target target) {
  const bool is_same = is_probed_alike(target_, target);
  target_ = std::move(target);
  if (!is_same) {
    begin();
  }
}

bool Watch::is_probed() const noexcept {
  return target_.backend.address.has_value() && target_.rule.probe != settings::ProbeKind::None;
}

void Watch::begin() {
  stop_probe();
  next_.disarm();
  last_.reset();
  verdict_.forget_results();
  if (is_probed()) {
    const Instant now = context_.loop.now();
    context_.loop.deadlines().arm(next_, now + first_wait(context_.random.next()));
    return;
  }
  // What was known is known no longer: the first result of a later probe decides at once.
  verdict_ = Verdict();
  if (!target_.backend.address) {
    learn(Health::Down, "no address");
  } else {
    learn(Health::Unknown, "not probed");
  }
}

void Watch::stop_probe() {
  if (probe_ != nullptr) {
    probe_->cancel();
    context_.loop.bury(std::move(probe_));
  }
}

void Watch::on_deadline() {
  probe_began_ = context_.loop.now();
  probe_ = std::make_unique<Probe>(context_.loop, *this);
  probe_->start(*target_.backend.address, target_.backend.spec.endpoint, target_.rule,
                target_.backend.spec.send_proxy, target_.tls);
}

void Watch::on_probe_done(const ProbeResult& result) {
  context_.loop.bury(std::move(probe_));
  if (result.outcome == ProbeResult::Outcome::NotRun) {
    context_.log.debug(
        "probe_not_run",
        {{"backend", target_.backend.spec.name}, {"pool", target_.pool}, {"detail", result.detail}});
    schedule_next();
    return;
  }
  const bool is_good = result.outcome == ProbeResult::Outcome::Good;
  last_ = LastProbe{.ok = is_good, .detail = result.detail, .when = context_.loop.now(), .took = result.took};
  learn(verdict_.take(is_good, {.fall = target_.rule.fall, .rise = target_.rule.rise}), result.detail);
  schedule_next();
}

void Watch::schedule_next() {
  const Duration wait = wait_between(target_.rule, verdict_.health(), context_.random.next());
  context_.loop.deadlines().arm(next_, probe_began_ + wait);
}

void Watch::retire() {
  if (context_.on_change && known_ != Health::Unknown) {
    known_ = Health::Unknown;
    context_.on_change({target_, known_, context_.loop.now()});
  }
}

bool Watch::takes_clients() const noexcept {
  return backends::is_eligible(target_.backend, backends::Visitor::New);
}

Traffic Watch::traffic() const noexcept {
  const backends::BackendState& state = *target_.backend.state;
  return {.failures = state.failures.load(kRelaxed), .requests = state.requests.load(kRelaxed)};
}

void Watch::count(PoolTally& tally) const noexcept {
  tally.eligible += takes_clients() ? 1U : 0U;
  tally.ejected += ejection_.until() ? 1U : 0U;
}

void Watch::look_at_traffic(PoolTally& tally) {
  look_at_connects();
  look_at_failures(tally);
  warm_up(context_.loop.now());
}

void Watch::look_at_connects() {
  auto& failures = target_.backend.state->connect_failures;
  const std::uint32_t seen = failures.load(kRelaxed);
  if (!is_probed() || seen < target_.rule.fall) {
    return;
  }
  failures.store(0, kRelaxed);
  if (verdict_.health() == Health::Down) {
    return;
  }
  verdict_.mark_down();
  learn(Health::Down, std::to_string(seen) + " connects of traffic failed in a row");
  if (probe_ == nullptr) {
    schedule_next();
  }
}

void Watch::look_at_failures(PoolTally& tally) {
  if (known_ == Health::Down) {
    return;  // it takes nobody, and when it is back its probes have seen so
  }
  const bool took_clients = takes_clients();
  const settings::Passive& rule = target_.rule.passive;
  switch (ejection_.look(rule, {.now = context_.loop.now(),
                                .seen = traffic(),
                                .may_eject = tally.can_spare_one(),
                                .is_needed = tally.eligible == 0})) {
    case Ejection::Change::None:
      return;
    case Ejection::Change::Ejected:
      show(std::to_string(ejection_.failures()) + " failures of traffic in " + text_of(rule.window));
      ++tally.ejected;
      tally.eligible -= took_clients ? 1U : 0U;
      return;
    case Ejection::Change::Returned:
      show("on trial after an ejection");
      --tally.ejected;
      tally.eligible += takes_clients() ? 1U : 0U;
      return;
  }
}

void Watch::learn(Health health, std::string_view detail) {
  const bool is_news = known_ != health;
  known_ = health;
  if (health == Health::Down) {
    ejection_.reset(traffic());
  }
  show(detail);
  if (is_news && context_.on_change) {
    context_.on_change({target_, known_, context_.loop.now()});
  }
}

void Watch::show(std::string_view detail) {
  backends::BackendState& state = *target_.backend.state;
  const Health health = ejection_.until() ? Health::Down : known_;
  const Health before = state.health.exchange(health, kRelaxed);
  if (before == health) {
    return;
  }
  count_change(health);
  if (health != Health::Down) {
    // Connects that failed before it was up do not count against it now.
    state.connect_failures.store(0, kRelaxed);
    if (before == Health::Down && has_served_) {
      warms_since_ = context_.loop.now();
      warm_up(*warms_since_);
    }
    has_served_ = true;
  } else {
    has_served_ = has_served_ || ejection_.until();
  }
  context_.log.write(health == Health::Down ? LogLevel::Warning : LogLevel::Info, "health",
                     {{"backend", target_.backend.spec.name},
                      {"pool", target_.pool},
                      {"from", backends::word(before)},
                      {"to", backends::word(health)},
                      {"detail", detail}});
}

void Watch::count_change(Health to) noexcept {
  backends::HealthTally& changes = target_.backend.state->health_changes;
  if (ejection_.until()) {
    changes.ejected.add();
  } else if (to == Health::Up) {
    changes.up.add();
  } else if (to == Health::Down) {
    changes.down.add();
  }
}

void Watch::warm_up(Instant now) noexcept {
  if (!warms_since_) {
    return;
  }
  const std::uint16_t share = share_after(now - *warms_since_, target_.rule.slow_start);
  target_.backend.state->share.store(share, kRelaxed);
  if (share == backends::kWholeShare) {
    warms_since_.reset();
  }
}

}  // namespace limpet::healthcheck
