#include "app/drain_control.h"

#include <algorithm>

namespace limpet::app {

namespace {

// So many drains are counted as often as one alone; more of them less often.
constexpr std::size_t kFewDrains = 8;

// An operator sees how it went until he says enable; a backend that is down has silent sessions later, too,
// and one that was removed may still be given a client that was in the middle of a session there.
bool stays_when_over(CloseReason cause) {
  return cause != CloseReason::Shutdown && cause != CloseReason::Upgrade;
}

}  // namespace

DrainControl::Group DrainControl::group_of(const Drains::value_type& entry) {
  const auto& [id, drain] = entry;
  return {drain.pool(), drain.order().rate ? id : 0};
}

bool DrainControl::rests(const Drains::value_type& entry) const {
  const auto found = paces_.find(group_of(entry));
  return found != paces_.end() && !found->second.has_survivors() && entry.second.may_rest();
}

void DrainControl::start(const affinity::PoolView& pool, const backends::Backend& backend,
                         const DrainOrder& order) {
  const auto found = drains_.find(backend.id);
  if (order.silent_since && found != drains_.end() && found->second.order().close) {
    if (found->second.order().silent_since) {
      found->second.set_silent_since(*order.silent_since);
    }
    return;  // who drains already sends the silent ones away among the others
  }
  set_aside_.erase(backend.id);
  if (order.silent_since && found != drains_.end()) {
    set_aside_.insert(drains_.extract(found));
  }
  add(pool, backend, order);
  set_timer();
}

void DrainControl::add(const affinity::PoolView& pool, const backends::Backend& backend,
                       const DrainOrder& order) {
  const Instant now = clock_.now();
  drains_.erase(backend.id);
  const auto added = drains_.emplace(backend.id, Drain(pool, backend, order, port_.workers(), now)).first;
  auto& pace = paces_.try_emplace(group_of(*added), order.rate.value_or(pool.drain.rate), now).first->second;
  pace.look_at(&pool, order.rate, now);
  log_begin(log_, added->second);
  count(*added, now);
  drop_idle_paces();
}

void DrainControl::stop_if(backends::BackendId backend, CloseReason cause) {
  const auto found = drains_.find(backend);
  if (found == drains_.end() || found->second.order().cause != cause) {
    return;
  }
  Drains::node_type before = set_aside_.extract(backend);
  stop(backend);
  if (!before.empty()) {
    const auto back = drains_.insert(std::move(before)).position;
    paces_.try_emplace(group_of(*back), back->second.order().rate.value_or(back->second.rule().rate),
                       clock_.now());
    set_timer();
  }
}

void DrainControl::stop(backends::BackendId backend) {
  set_aside_.erase(backend);
  const auto found = drains_.find(backend);
  if (found == drains_.end()) {
    return;
  }
  found->second.restore();
  drains_.erase(found);
  drop_idle_paces();
  set_timer();
}

void DrainControl::drain_all(const std::vector<affinity::PoolView>& pools, CloseReason cause,
                             Duration within) {
  for (const affinity::PoolView& pool : pools) {
    for (const backends::Backend& backend : pool.backends.all()) {
      add(pool, backend, {.cause = cause, .within = within});
    }
  }
  set_timer();
}

const DrainOrder* DrainControl::order(backends::BackendId backend) const {
  for (const Drains* const drains : {&set_aside_, &drains_}) {
    if (const auto found = drains->find(backend); found != drains->end()) {
      return &found->second.order();
    }
  }
  return nullptr;
}

std::optional<DrainProgress> DrainControl::progress(backends::BackendId backend) const {
  const auto found = drains_.find(backend);
  if (found == drains_.end()) {
    return std::nullopt;
  }
  std::size_t sharing = 0;
  for (const auto& entry : drains_) {
    sharing += group_of(entry) == group_of(*found) ? entry.second.waiting() : 0;
  }
  const backends::DrainPacer& pacer = paces_.at(group_of(*found)).pacer();
  return found->second.progress({.per_second = pacer.rate_now(),
                                 .slowed = pacer.is_slowed(),
                                 .rests = rests(*found),
                                 .sharing = sharing},
                                clock_.now());
}

void DrainControl::on_answer(const proxy::SentAway& answer) {
  for (auto& entry : drains_) {
    const Drain::Answered answered = entry.second.on_answer(answer);
    if (answered.is_mine) {
      paces_.at(group_of(entry)).pacer().give_back(answered.untold);
      return;
    }
  }
}

void DrainControl::tick() {
  const Instant now = clock_.now();
  for (auto& [group, pace] : paces_) {
    this->pace(group, pace, now);
  }
  for (auto& entry : drains_) {
    Drain& drain = entry.second;
    if (drain.was_over() && drain.remaining() != 0) {
      drain.set_over(false);  // somebody came late
    }
    drain.end_privilege(now, rests(entry));
    if (drain.is_cut_time(now) && drain.remaining() != 0) {
      port_.cut({.backend = entry.first, .cause = drain.order().cause});
    }
    count(entry, now);
  }
  finish(now);
  set_timer();
}

// How many may be told now.
void DrainControl::pace(const Group& group, DrainPace& pace, Instant now) {
  const auto alone = drains_.find(group.second);
  pace.look_at(port_.pool(group.first), alone != drains_.end() ? alone->second.order().rate : std::nullopt,
               now);
  std::vector<backends::DrainPacer::Due> dues;
  std::size_t waiting = 0;
  for (const auto& entry : drains_) {
    if (!tells(entry, group)) {
      continue;
    }
    const Drain& drain = entry.second;
    if (const auto until = drain.told_until()) {
      dues.push_back({.waiting = drain.waiting(), .until = *until});
    }
    for (const Drain::Share& share : drain.shares()) {
      waiting += share.order == 0 ? share.waiting : 0;
    }
  }
  tell(group, pace.pacer().take(waiting, dues, now), now);
}

bool DrainControl::tells(const Drains::value_type& entry, const Group& group) const {
  return group_of(entry) == group && entry.second.order().close && !rests(entry);
}

// First who has to be told by a time, then who has been idle for longest.
void DrainControl::tell(const Group& group, std::size_t count, Instant now) {
  struct Candidate {
    Drains::value_type* entry;
    std::size_t worker;
    Instant until;
    Duration idle;
  };
  std::vector<Candidate> candidates;
  for (auto& entry : drains_) {
    const Drain& drain = entry.second;
    for (std::size_t i = 0; i < drain.shares().size() && tells(entry, group); ++i) {
      const Drain::Share& share = drain.shares()[i];
      if (share.order == 0 && share.waiting != 0) {
        candidates.push_back({&entry, i, drain.told_until().value_or(Instant::max()),
                              share.longest_idle.value_or(Duration{})});
      }
    }
  }
  std::ranges::sort(candidates, [](const Candidate& a, const Candidate& b) {
    return a.until != b.until ? a.until < b.until : a.idle > b.idle;
  });
  for (const Candidate& candidate : candidates) {
    const std::size_t most = std::min(count, candidate.entry->second.shares()[candidate.worker].waiting);
    if (most == 0) {
      return;
    }
    ask(*candidate.entry, candidate.worker, most, now);
    count -= most;
  }
}

void DrainControl::ask(Drains::value_type& entry, std::size_t worker, std::size_t most, Instant now) {
  Drain& drain = entry.second;
  Drain::Share& share = drain.shares()[worker];
  share.order = ++last_order_;
  share.asked = most;
  share.asked_at = now;
  port_.send_away(worker, {.order = share.order,
                           .backend = entry.first,
                           .cause = drain.order().cause,
                           .most = most,
                           .silent_since = drain.order().silent_since,
                           .grace = drain.grace()});
}

// Where nobody is told the count is made now and then; where nobody is left it is not made at all.
void DrainControl::count(Drains::value_type& entry, Instant now) {
  const Drain& drain = entry.second;
  const bool looks = !drain.was_over() || drain.order().silent_since;
  if (!looks || !drain.order().close || !drain.may_have_sessions()) {
    return;
  }
  const Duration every = kCountEvery * std::max<std::size_t>(1, drains_.size() / kFewDrains);
  for (std::size_t i = 0; i < drain.shares().size(); ++i) {
    const Drain::Share& share = drain.shares()[i];
    if (share.order == 0 && (!share.has_answered || now - share.asked_at >= every)) {
      ask(entry, i, 0, now);
    }
  }
}

void DrainControl::finish(Instant now) {
  std::vector<std::pair<backends::BackendId, CloseReason>> done;
  for (auto entry = drains_.begin(); entry != drains_.end();) {
    auto& [id, drain] = *entry;
    const CloseReason cause = drain.order().cause;
    const bool is_done = !drain.was_over() && drain.is_over(now);
    if (is_done) {
      drain.set_over(true);
      log_end(log_, drain, now);
      done.emplace_back(id, cause);
    }
    entry = is_done && !stays_when_over(cause) ? drains_.erase(entry) : std::next(entry);
  }
  drop_idle_paces();
  for (const auto& [id, cause] : done) {
    if (on_done_) {
      on_done_(id, cause);
    }
  }
}

void DrainControl::drop_idle_paces() {
  std::erase_if(paces_, [this](const auto& pace) {
    return std::ranges::none_of(drains_, [&](const auto& entry) { return group_of(entry) == pace.first; });
  });
}

void DrainControl::set_timer() {
  const bool is_busy =
      std::ranges::any_of(drains_, [](const auto& entry) { return !entry.second.was_over(); });
  const Duration wanted = drains_.empty() ? Duration{} : is_busy ? kTick : kRestTick;
  if (wanted != timer_) {
    timer_ = wanted;
    port_.call_every(wanted);
  }
}

}  // namespace limpet::app
