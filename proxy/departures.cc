#include "proxy/departures.h"

#include <algorithm>

#include "base/assert.h"
#include "proxy/context.h"
#include "proxy/tunnel.h"

namespace limpet::proxy {

namespace {

// A Close each way takes some microseconds: more than this at once would make the others wait.
constexpr std::size_t kMostAtOnce = 2048;
// Rows that are kept of a look: what some orders need. The rest is found by the next look.
constexpr std::size_t kMostRows = 8192;
// The order of a roll is as good as this.
constexpr Duration kRollIsFresh = std::chrono::seconds(1);
// A roll that nobody asks for goes.
constexpr Duration kRollIsStale = std::chrono::seconds(10);
// A look takes some 30 ns a session. With a rest of a millisecond for this many it is below a percent of the
// worker's time.
constexpr std::size_t kLookedAMillisecond = 256;
// Sessions lie all over the memory: so many are asked for ahead of the one that is looked at.
constexpr std::size_t kAhead = 16;

// `visit(Tunnel&)` for every session; it may end any.
template <typename Visit>
void visit_all(const SessionList& sessions, Visit visit) {
  constexpr std::size_t kLine = 64;
  constexpr std::size_t kLinesRead = 4;
  for (std::size_t slot = 0; slot < sessions.slots(); ++slot) {
    const std::size_t next = slot + kAhead;
    if (next < sessions.slots() && sessions.at(next) != nullptr) {
      const auto* const ahead = reinterpret_cast<const char*>(sessions.at(next));
      for (std::size_t line = 1; line < kLinesRead; ++line) {
        __builtin_prefetch(ahead + line * kLine);
      }
    }
    if (Tunnel* const tunnel = sessions.at(slot); tunnel != nullptr) {
      visit(*tunnel);
    }
  }
}

bool is_silent(const Tunnel& tunnel, const std::optional<Instant>& since) {
  return !since || tunnel.heard_from_backend() <= *since;
}

}  // namespace

void Departures::note_ended(backends::BackendId backend, bool was_leaving) {
  Count& count = count_of(backend);
  LIMPET_ASSERT(count.live > 0 && (!was_leaving || count.leaving > 0), "who ends was counted");
  --count.live;
  count.leaving -= was_leaving ? 1 : 0;
}

Departures::Count& Departures::count_of(backends::BackendId backend) {
  if (backend >= counts_.size()) {
    counts_.resize(backend + 1);
  }
  return counts_[backend];
}

SentAway Departures::send_away(const SendAway& order) {
  Roll& roll = roll_for(order);
  if (needs_look(roll, order)) {
    look(roll, order);
  }
  SentAway answer{.order = order.order};
  const std::size_t most = std::min(order.most, kMostAtOnce);
  while (answer.told < most) {
    Tunnel* const tunnel = next(roll);
    if (tunnel == nullptr) {
      break;
    }
    roll.rows.pop_back();
    roll.waiting -= std::min<std::size_t>(roll.waiting, 1);
    answer.told += tunnel->send_away(order.cause, order.grace) ? 1U : 0U;
  }
  if (const Tunnel* const longest = next(roll); longest != nullptr) {
    answer.longest_idle = context_.loop.now() - longest->last_activity();
  }
  answer.waiting = waiting(roll, order);
  answer.leaving = count_of(order.backend).leaving;
  return answer;
}

Departures::Roll& Departures::roll_for(const SendAway& order) {
  const Instant now = context_.loop.now();
  std::erase_if(rolls_, [&](const Roll& roll) {
    return roll.backend != order.backend && now - roll.taken > kRollIsStale;
  });
  const auto found = std::find_if(rolls_.begin(), rolls_.end(),
                                  [&](const Roll& roll) { return roll.backend == order.backend; });
  return found != rolls_.end() ? *found : rolls_.emplace_back(Roll{.backend = order.backend});
}

bool Departures::needs_look(const Roll& roll, const SendAway& order) {
  if (roll.cause != order.cause || roll.silent_since != order.silent_since) {
    return true;
  }
  const Duration age = context_.loop.now() - roll.taken;
  const Duration rest(context_.sessions.slots() / kLookedAMillisecond);
  if (age < rest) {
    return false;
  }
  const Count count = count_of(order.backend);
  const bool nobody_waits = count.live == count.leaving;
  return !nobody_waits && (age >= kRollIsFresh || roll.rows.size() < std::max<std::size_t>(order.most, 1));
}

void Departures::look(Roll& roll, const SendAway& order) {
  roll.cause = order.cause;
  roll.silent_since = order.silent_since;
  roll.taken = context_.loop.now();
  roll.rows.clear();
  visit_all(context_.sessions, [&](Tunnel& tunnel) {
    if (tunnel.backend() != order.backend) {
      return;
    }
    if (!tunnel.is_leaving()) {
      if (is_silent(tunnel, order.silent_since)) {
        roll.rows.push_back({tunnel.last_activity(), tunnel.id(), tunnel.slot()});
      }
    } else if (order.most > 0) {
      tunnel.send_away(order.cause, order.grace);  // told before, for another cause: the shorter grace counts
    }
  });
  roll.waiting = roll.rows.size();
  keep_longest_idle(roll);
}

void Departures::keep_longest_idle(Roll& roll) {
  const auto is_longer_idle = [](const Row& a, const Row& b) { return a.idle_since < b.idle_since; };
  if (roll.rows.size() > kMostRows) {
    std::nth_element(roll.rows.begin(), roll.rows.begin() + kMostRows, roll.rows.end(), is_longer_idle);
    roll.rows.resize(kMostRows);
    roll.rows.shrink_to_fit();
  }
  std::sort(roll.rows.rbegin(), roll.rows.rend(), is_longer_idle);
}

Tunnel* Departures::next(Roll& roll) {
  const SessionList& sessions = context_.sessions;
  for (; !roll.rows.empty(); roll.rows.pop_back()) {
    const Row& row = roll.rows.back();
    Tunnel* const tunnel = sessions.at(row.slot);
    if (tunnel != nullptr && tunnel->id() == row.id && !tunnel->is_leaving() &&
        is_silent(*tunnel, roll.silent_since)) {
      return tunnel;
    }
    roll.waiting -= std::min<std::size_t>(roll.waiting, 1);
  }
  return nullptr;
}

std::size_t Departures::waiting(const Roll& roll, const SendAway& order) {
  const Count count = count_of(order.backend);
  const std::size_t all = count.live - count.leaving;
  return order.silent_since ? std::min(roll.waiting, all) : all;
}

void Departures::cut(const CutBackend& order) {
  visit_all(context_.sessions, [&](Tunnel& tunnel) {
    if (tunnel.backend() == order.backend) {
      tunnel.cut(order.cause);
    }
  });
}

bool Departures::end(const EndSession& order) {
  bool found = false;
  visit_all(context_.sessions, [&](Tunnel& tunnel) {
    if (tunnel.id() == order.id) {
      found = true;
      tunnel.send_away(order.cause, order.grace);
    }
  });
  return found;
}

std::size_t Departures::move(const MoveKey& order) {
  std::size_t told = 0;
  visit_all(context_.sessions, [&](Tunnel& tunnel) {
    if (tunnel.is_of(order.pool, order.key) && tunnel.backend() != order.keep) {
      told += tunnel.send_away(CloseReason::Moved, order.grace) ? 1U : 0U;
    }
  });
  return told;
}

}  // namespace limpet::proxy
