#include "healthcheck/verdict.h"

namespace limpet::healthcheck {

using backends::Health;

Health Verdict::take(bool is_good, Thresholds thresholds) noexcept {
  const Health said = is_good ? Health::Up : Health::Down;
  if (health_ == Health::Unknown) {
    become(said);
    return health_;
  }
  if (said == health_) {
    contradicting_ = 0;
    return health_;
  }
  ++contradicting_;
  const std::uint32_t needed = is_good ? thresholds.rise : thresholds.fall;
  if (contradicting_ >= needed) {
    become(said);
  }
  return health_;
}

void Verdict::mark_down() noexcept {
  if (health_ != Health::Down) {
    become(Health::Down);
  }
}

void Verdict::become(Health health) noexcept {
  health_ = health;
  contradicting_ = 0;
}

}  // namespace limpet::healthcheck
