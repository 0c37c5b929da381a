#include "backends/drain_pacer.h"

#include <algorithm>

namespace limpet::backends {

namespace {

double seconds(Duration duration) noexcept {
  return std::chrono::duration<double>(duration).count();
}

std::uint64_t mean(std::uint64_t sum, std::uint64_t count) noexcept {
  return count == 0 ? 0 : sum / count;
}

}  // namespace

DrainPacer::DrainPacer(double per_second, Instant now) noexcept
    : per_second_(per_second), filled_(now), window_began_(now) {}

void DrainPacer::note(const SurvivorReading& reading, Instant now) noexcept {
  if (!window_begin_ && reading.handshakes >= kFewHandshakes) {
    usual_us_ = mean(reading.handshake_us, reading.handshakes);  // since the start of the process
  }
  const bool is_comparable =
      window_begin_ && window_begin_->set == reading.set && window_begin_->handshakes <= reading.handshakes &&
      window_begin_->handshake_us <= reading.handshake_us && window_begin_->failures <= reading.failures;
  if (is_comparable && now - window_began_ < kWindow) {
    return;
  }
  if (is_comparable) {
    judge(reading);
  }
  window_begin_ = reading;
  window_began_ = now;
}

void DrainPacer::judge(const SurvivorReading& now) noexcept {
  const std::uint64_t handshakes = now.handshakes - window_begin_->handshakes;
  const std::uint64_t mean_us = mean(now.handshake_us - window_begin_->handshake_us, handshakes);
  const bool distress = shows_distress(handshakes, mean_us, now.failures - window_begin_->failures);
  pace_ = distress ? std::max(kSlowestPace, pace_ / 2) : std::min(1.0, pace_ + kRecovery);
  if (handshakes < kFewHandshakes) {
    return;
  }
  const std::uint64_t share = distress ? kDistressShare : kCalmShare;
  usual_us_ = usual_us_ == 0 ? mean_us : usual_us_ - usual_us_ / share + mean_us / share;
}

bool DrainPacer::shows_distress(std::uint64_t handshakes, std::uint64_t mean_us,
                                std::uint64_t failures) const noexcept {
  if (failures >= kFewFailures && failures * kFailureShare > handshakes + failures) {
    return true;
  }
  return handshakes >= kFewHandshakes && usual_us_ != 0 &&
         mean_us > std::max(kUnnoticedUs, usual_us_ * kDistressFactor);
}

// At least one, or nothing would ever pass.
double DrainPacer::most_tokens(double per_second) const noexcept {
  return std::max(1.0, per_second * seconds(kBurst));
}

std::size_t DrainPacer::take(std::size_t waiting, std::span<const Due> dues, Instant now) noexcept {
  double due_per_second = 0;
  std::size_t overdue = 0;
  for (const Due& due : dues) {
    if (due.until <= now) {
      overdue += due.waiting;
    } else {
      due_per_second += static_cast<double>(due.waiting) / seconds(due.until - now);
    }
  }
  const double per_second = std::max(rate_now(), due_per_second);
  tokens_ =
      std::min(most_tokens(per_second), tokens_ + per_second * seconds(std::max(Duration{}, now - filled_)));
  filled_ = std::max(filled_, now);
  if (per_second_ <= 0) {
    return waiting;
  }
  const auto allowed = std::max(overdue, static_cast<std::size_t>(tokens_));
  const std::size_t taken = std::min(waiting, allowed);
  tokens_ = std::max(0.0, tokens_ - static_cast<double>(taken));
  return taken;
}

void DrainPacer::give_back(std::size_t count) noexcept {
  tokens_ = std::min(most_tokens(rate_now()), tokens_ + static_cast<double>(count));
}

}  // namespace limpet::backends
