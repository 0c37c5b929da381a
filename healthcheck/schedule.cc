#include "healthcheck/schedule.h"

#include <algorithm>

#include "net/deadlines.h"

namespace limpet::healthcheck {

namespace {

constexpr std::uint64_t kFirstWaitMs = 100;
// The jitter spans two tenths: one to each side of nine tenths.
constexpr std::int64_t kJitterShare = 5;

}  // namespace

Duration first_wait(std::uint64_t random) noexcept {
  return Duration(static_cast<std::int64_t>(random % kFirstWaitMs));
}

Duration wait_between(const settings::Health& rule, backends::Health health, std::uint64_t random) noexcept {
  const Duration period = health == backends::Health::Down ? rule.interval / rule.rise : rule.interval;
  const auto span_ms = static_cast<std::uint64_t>((period / kJitterShare).count());
  const Duration jitter(static_cast<std::int64_t>(random % (span_ms + 1)));
  return std::max(period - jitter - net::Deadlines::kTick, Duration::zero());
}

}  // namespace limpet::healthcheck
