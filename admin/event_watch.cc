#include "admin/event_watch.h"

#include <string_view>
#include <utility>

namespace limpet::admin {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

}  // namespace

std::vector<Event> EventWatch::look(const Sight& sight) {
  ++looks_;
  if (looks_ > 1 && sight.generation != generation_) {
    found_.push_back({.at = sight.now,
                      .what = "configuration",
                      .from = std::to_string(generation_),
                      .to = std::to_string(sight.generation)});
  }
  generation_ = sight.generation;
  for (const affinity::PoolView& pool : sight.pools) {
    for (const backends::Backend& backend : pool.backends.all()) {
      compare(pool, backend, sight.now);
    }
  }
  tell_gone(sight.now);
  return std::exchange(found_, {});
}

void EventWatch::compare(const affinity::PoolView& pool, const backends::Backend& backend, WallTime now) {
  const backends::BackendState& state = *backend.state;
  const Known is{.pool = {},
                 .name = {},
                 .health = state.health.load(kRelaxed),
                 .mode = state.mode.load(kRelaxed),
                 .sessions = state.sessions.load(kRelaxed),
                 .is_leaving = backend.is_leaving,
                 .seen = looks_};
  auto [entry, is_new] = known_.try_emplace(backend.id, is);
  Known& was = entry->second;
  const auto tell = [&](std::string_view what, std::string_view from, std::string_view to) {
    found_.push_back({.at = now,
                      .what = what,
                      .pool = pool.name,
                      .backend = backend.spec.name,
                      .from = std::string(from),
                      .to = std::string(to),
                      .sessions = is.sessions});
  };
  if (is_new) {
    was.pool = pool.name;
    was.name = backend.spec.name;
    if (looks_ > 1) {
      tell("added", "", word(is.health));
    }
    return;
  }
  if (is.health != was.health) {
    tell("health", word(was.health), word(is.health));
  }
  if (is.mode != was.mode) {
    tell("mode", word(was.mode), word(is.mode));
  }
  if (is.is_leaving && !was.is_leaving) {
    tell("leaving", "", "");
  }
  if (is.mode != backends::Mode::Enabled && is.sessions == 0 && was.sessions > 0) {
    tell("drained", "", "");
  }
  was.health = is.health;
  was.mode = is.mode;
  was.sessions = is.sessions;
  was.is_leaving = is.is_leaving;
  was.seen = looks_;
}

void EventWatch::tell_gone(WallTime now) {
  std::erase_if(known_, [&](const auto& entry) {
    const Known& was = entry.second;
    if (was.seen == looks_) {
      return false;
    }
    found_.push_back({.at = now, .what = "removed", .pool = was.pool, .backend = was.name});
    return true;
  });
}

}  // namespace limpet::admin
