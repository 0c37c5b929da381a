#include "app/drain.h"

#include <algorithm>
#include <numeric>

namespace limpet::app {

namespace {

// Long enough for the client's answer to a Close.
constexpr Duration kSilentGrace = std::chrono::seconds(5);

constexpr auto kRelaxed = std::memory_order_relaxed;
// For the answers to the Close frames.
constexpr Duration kFarewell = std::chrono::seconds(3);
// A pace is told over no less.
constexpr Duration kMoment = std::chrono::milliseconds(50);

bool is_told_elsewhere(CloseReason cause) {
  return cause == CloseReason::Shutdown || cause == CloseReason::Upgrade || cause == CloseReason::BackendDown;
}

}  // namespace

Duration told_by(Duration grace) noexcept {
  return grace - std::min(kFarewell, grace / 2);
}

Drain::Drain(const affinity::PoolView& pool, const backends::Backend& backend, const DrainOrder& order,
             std::size_t workers, Instant now)
    : order_(order),
      pool_(pool.id),
      pool_name_(pool.name),
      backend_name_(backend.spec.name),
      state_(backend.state),
      rule_(pool.drain),
      since_(now),
      cut_before_(state_->cut_short.load(kRelaxed)),
      shares_(workers) {
  restore();
}

std::uint64_t Drain::cut() const noexcept {
  return state_->cut_short.load(kRelaxed) - cut_before_;
}

std::optional<Instant> Drain::told_until() const noexcept {
  return order_.within ? std::optional(since_ + *order_.within) : std::nullopt;
}

bool Drain::is_cut_time(Instant now) const noexcept {
  return order_.cut_after && now >= since_ + *order_.cut_after;
}

// A frame that a silent backend has begun will not end: its client waits for nothing.
Duration Drain::grace() const noexcept {
  return order_.silent_since ? std::min(rule_.grace, kSilentGrace) : rule_.grace;
}

bool Drain::may_rest() const noexcept {
  const bool can_wait = order_.cause == CloseReason::Drained || order_.cause == CloseReason::BackendRemoved;
  return can_wait && !order_.within;
}

std::size_t Drain::sum_of(std::size_t Share::*count) const noexcept {
  return std::accumulate(shares_.begin(), shares_.end(), std::size_t{0},
                         [count](std::size_t sum, const Share& share) { return sum + share.*count; });
}

std::size_t Drain::waiting() const noexcept {
  return sum_of(&Share::waiting);
}

std::size_t Drain::leaving() const noexcept {
  return sum_of(&Share::leaving);
}

std::size_t Drain::remaining() const noexcept {
  return order_.silent_since ? waiting() + leaving() : state_->sessions.load(kRelaxed);
}

Drain::Answered Drain::on_answer(const proxy::SentAway& answer) {
  if (answer.worker >= shares_.size() || shares_[answer.worker].order != answer.order) {
    return {};
  }
  Share& share = shares_[answer.worker];
  const std::size_t untold = share.asked - std::min(share.asked, answer.told);
  share.order = 0;
  share.asked = 0;
  share.has_answered = true;
  share.waiting = answer.waiting;
  share.leaving = answer.leaving;
  share.longest_idle = answer.longest_idle;
  told_ += answer.told;
  return {.is_mine = true, .untold = untold};
}

bool Drain::may_have_sessions() const noexcept {
  return state_->sessions.load(kRelaxed) != 0;
}

DrainProgress Drain::progress(const Pace& pace, Instant now) const {
  using Seconds = std::chrono::duration<double>;
  const bool is_under_way = remaining() != 0;  // whom nobody waits for neither rests nor is slowed
  DrainProgress progress{.cause = order_.cause,
                         .since = since_,
                         .told = told_,
                         .remaining = remaining(),
                         .leaving = std::min(leaving(), remaining()),
                         .cut = cut(),
                         .per_second = pace.per_second,
                         .eta = std::nullopt,
                         .slowed = pace.slowed && is_under_way,
                         .rests = pace.rests && is_under_way,
                         .closes = order_.close};
  if (!order_.close || progress.rests) {
    return progress;
  }
  const auto sharing = static_cast<double>(pace.sharing);
  Seconds left(pace.per_second > 0 ? sharing / pace.per_second : 0);
  if (const auto until = told_until(); until && *until < now + left) {
    left = std::max<Seconds>(kMoment, *until - now);
    progress.per_second = static_cast<double>(waiting()) / left.count();
  }
  progress.eta = std::chrono::duration_cast<Duration>(left);
  return progress;
}

bool Drain::is_over(Instant now) const noexcept {
  // A handshake that is under way may still become a session.
  const bool may_come = state_->exchanges.load(kRelaxed) != 0 && now < since_ + rule_.grace;
  const bool all_have_answered = std::ranges::all_of(shares_, [this](const Share& share) {
    return share.order == 0 && (share.has_answered || !order_.silent_since);
  });
  return remaining() == 0 && !may_come && all_have_answered;
}

void Drain::set_over(bool over) noexcept {
  was_over_ = over;
  if (!over) {
    for (Share& share : shares_) {
      share.has_answered = false;
    }
  }
}

void Drain::end_privilege(Instant now, bool rests) noexcept {
  if (order_.close && !rests && now >= since_ + rule_.grace) {
    state_->keeps_nobody.store(true, kRelaxed);
  }
}

void Drain::restore() noexcept {
  state_->keeps_nobody.store(false, kRelaxed);
}

void log_begin(Log& log, const Drain& drain) {
  if (is_told_elsewhere(drain.order().cause)) {
    return;
  }
  log.info("drain", {{"backend", drain.backend_name()},
                     {"pool", drain.pool_name()},
                     {"cause", describe(drain.order().cause).word},
                     {"author", drain.order().author},
                     {"sessions", drain.remaining()}});
}

void log_end(Log& log, const Drain& drain, Instant now) {
  if (is_told_elsewhere(drain.order().cause)) {
    return;
  }
  log.info("drained", {{"backend", drain.backend_name()},
                       {"pool", drain.pool_name()},
                       {"cause", describe(drain.order().cause).word},
                       {"author", drain.order().author},
                       {"told", drain.told()},
                       {"cut", drain.cut()},
                       {"took_s", std::chrono::duration<double>(now - drain.since()).count()}});
}

}  // namespace limpet::app
