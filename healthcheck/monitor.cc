#include "healthcheck/monitor.h"

#include <unordered_map>
#include <utility>

#include "healthcheck/watch.h"
#include "net/timer.h"

namespace limpet::healthcheck {

namespace {

// How often traffic is asked: a backend that refuses connects is down well within a second.
constexpr Duration kLookEvery{100};

}  // namespace

struct Monitor::Inner {
  Inner(net::UvLoop& loop, Log& log, std::uint64_t seed)
      : context{loop, log, Random(seed), {}}, look(loop, kLookEvery, [this] { look_at_traffic(); }) {}

  // What a pool can spare is counted anew each time: modes, loads and addresses have changed as well.
  void look_at_traffic() {
    for (auto& [pool, tally] : tallies) {
      tally = {};
    }
    for (const auto& [id, watch] : watches) {
      watch->count(tallies[watch->pool()]);
    }
    for (const auto& [id, watch] : watches) {
      watch->look_at_traffic(tallies[watch->pool()]);
    }
  }

  // In this order: the timer goes first, then the watches, then what they use.
  WatchContext context;
  std::unordered_map<std::string, PoolTally> tallies;
  std::unordered_map<backends::BackendId, std::unique_ptr<Watch>> watches;
  net::Timer look;
};

Monitor::Monitor(net::UvLoop& loop, Log& log, std::uint64_t seed)
    : inner_(std::make_unique<Inner>(loop, log, seed)) {}

Monitor::~Monitor() = default;

void Monitor::on_change(OnChange callback) {
  inner_->context.on_change = std::move(callback);
}

void Monitor::set_targets(std::vector<Target> targets) {
  auto before = std::exchange(inner_->watches, {});
  inner_->tallies.clear();
  for (Target& target : targets) {
    const backends::BackendId id = target.backend.id;
    auto known = before.extract(id);
    if (known.empty()) {
      inner_->watches.emplace(id, std::make_unique<Watch>(inner_->context, std::move(target)));
    } else {
      known.mapped()->update(std::move(target));
      inner_->watches.insert(std::move(known));
    }
  }
  for (const auto& [id, watch] : before) {
    watch->retire();
  }
}

std::optional<LastProbe> Monitor::last_probe(backends::BackendId backend) const {
  const auto found = inner_->watches.find(backend);
  return found == inner_->watches.end() ? std::nullopt : found->second->last_probe();
}

std::optional<Instant> Monitor::ejected_until(backends::BackendId backend) const {
  const auto found = inner_->watches.find(backend);
  return found == inner_->watches.end() ? std::nullopt : found->second->ejected_until();
}

}  // namespace limpet::healthcheck
