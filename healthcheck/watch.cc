#include "healthcheck/watch.h"

#include <string>
#include <utility>

#include "healthcheck/schedule.h"

namespace limpet::healthcheck {

using backends::Health;

namespace {

bool is_probed_alike(const Target& a, const Target& b) {
  return a.backend.address == b.backend.address && a.backend.spec.endpoint == b.backend.spec.endpoint &&
         a.rule == b.rule;
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
    show(Health::Down, "no address");
  } else {
    show(Health::Unknown, "not probed");
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
  probe_->start(*target_.backend.address, target_.backend.spec.endpoint, target_.rule);
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
  show(verdict_.take(is_good, {.fall = target_.rule.fall, .rise = target_.rule.rise}), result.detail);
  schedule_next();
}

void Watch::schedule_next() {
  const Duration wait = wait_between(target_.rule, verdict_.health(), context_.random.next());
  context_.loop.deadlines().arm(next_, probe_began_ + wait);
}

void Watch::look_at_traffic() {
  auto& failures = target_.backend.state->connect_failures;
  const std::uint32_t seen = failures.load(std::memory_order_relaxed);
  if (!is_probed() || seen < target_.rule.fall) {
    return;
  }
  failures.store(0, std::memory_order_relaxed);
  if (verdict_.health() == Health::Down) {
    return;
  }
  verdict_.mark_down();
  show(Health::Down, std::to_string(seen) + " connects of traffic failed in a row");
  if (probe_ == nullptr) {
    schedule_next();
  }
}

void Watch::show(Health health, std::string_view detail) {
  backends::BackendState& state = *target_.backend.state;
  const Health before = state.health.exchange(health, std::memory_order_relaxed);
  if (before == health) {
    return;
  }
  if (health == Health::Up) {
    // Connects that failed before it was up do not count against it now.
    state.connect_failures.store(0, std::memory_order_relaxed);
  }
  context_.log.write(health == Health::Down ? LogLevel::Warning : LogLevel::Info, "health",
                     {{"backend", target_.backend.spec.name},
                      {"pool", target_.pool},
                      {"from", backends::word(before)},
                      {"to", backends::word(health)},
                      {"detail", detail}});
}

}  // namespace limpet::healthcheck
