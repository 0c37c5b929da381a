#include "healthcheck/ejection.h"

#include <algorithm>

namespace limpet::healthcheck {

namespace {

// Failures below this share of what was asked eject nobody.
constexpr std::uint64_t kLeastShare = 10;  // one in ten

}  // namespace

void RecentTraffic::add(const Traffic& more, Instant now, Duration window) noexcept {
  const Duration width = std::max(window / static_cast<Duration::rep>(kSlices), Duration(1));
  if (now - slices_[newest_].begin >= width) {
    newest_ = (newest_ + 1) % slices_.size();
    slices_[newest_] = {.begin = now, .seen = {}};
  }
  slices_[newest_].seen.failures += more.failures;
  slices_[newest_].seen.requests += more.requests;
}

Traffic RecentTraffic::within(Duration window, Instant now) const noexcept {
  Traffic sum;
  for (const Slice& slice : slices_) {
    if (now - slice.begin < window) {
      sum.failures += slice.seen.failures;
      sum.requests += slice.seen.requests;
    }
  }
  return sum;
}

void Ejection::reset(const Traffic& seen) noexcept {
  *this = Ejection();
  before_ = seen;
}

std::optional<Instant> Ejection::until() const noexcept {
  return state_ == State::Ejected ? std::optional(until_) : std::nullopt;
}

void Ejection::eject(const settings::Passive& rule, Instant now) noexcept {
  state_ = State::Ejected;
  until_ = now + rule.eject * times_;
  times_ = std::min(2 * times_, kMostTimes);
}

void Ejection::release(const settings::Passive& rule, Instant now) noexcept {
  state_ = State::OnTrial;
  until_ = now + rule.window;
  recent_.clear();
}

bool Ejection::has_failed(const settings::Passive& rule, Instant now) noexcept {
  const Traffic recent = recent_.within(rule.window, now);
  const std::uint64_t needed = state_ == State::OnTrial ? 1 : rule.failures;
  failures_ = recent.failures;
  return recent.failures >= needed && recent.failures * kLeastShare >= recent.requests;
}

Ejection::Change Ejection::look(const settings::Passive& rule, const Look& look) noexcept {
  const Traffic more{.failures = look.seen.failures - before_.failures,
                     .requests = look.seen.requests - before_.requests};
  before_ = look.seen;
  if (state_ == State::Ejected) {
    if (look.now < until_ && !look.is_needed && rule.failures != 0) {
      return Change::None;
    }
    release(rule, look.now);
    return Change::Returned;
  }
  if (state_ == State::OnTrial && look.now >= until_) {
    state_ = State::Watched;
    times_ = 1;
  }
  recent_.add(more, look.now, rule.window);
  if (rule.failures == 0 || !has_failed(rule, look.now) || !look.may_eject) {
    return Change::None;
  }
  eject(rule, look.now);
  return Change::Ejected;
}

}  // namespace limpet::healthcheck
