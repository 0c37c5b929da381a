#include "app/drain_pace.h"

#include "backends/eligibility.h"

namespace limpet::app {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

// Those that could take returning clients.
backends::SurvivorReading read_survivors(const affinity::PoolView& pool) {
  constexpr std::uint64_t kMixer = 0x9e3779b97f4a7c15ULL;
  backends::SurvivorReading reading;
  for (const backends::Backend& backend : pool.backends.all()) {
    if (!backends::is_eligible(backend, backends::Visitor::New)) {
      continue;
    }
    const backends::BackendState& state = *backend.state;
    ++reading.survivors;
    reading.set = (reading.set + backend.id) * kMixer;
    reading.handshakes += state.handshakes.load(kRelaxed);
    reading.handshake_us += state.handshake_us.load(kRelaxed);
    reading.failures += state.failures.load(kRelaxed);
  }
  return reading;
}

}  // namespace

double per_second(const settings::Rate& rate) noexcept {
  return rate.events / std::chrono::duration<double>(rate.per).count();
}

DrainPace::DrainPace(const settings::Rate& rate, Instant now) : pacer_(per_second(rate), now) {}

void DrainPace::look_at(const affinity::PoolView* pool, const std::optional<settings::Rate>& rate,
                        Instant now) {
  has_survivors_ = true;
  if (pool == nullptr) {
    return;  // its clients have to go elsewhere: there is nobody to wait for
  }
  const backends::SurvivorReading reading = read_survivors(*pool);
  has_survivors_ = reading.survivors != 0;
  pacer_.set_rate(per_second(rate.value_or(pool->drain.rate)));
  pacer_.note(reading, now);
}

}  // namespace limpet::app
