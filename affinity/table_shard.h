// AffinityTable::Shard: a PinShard and its lock. For the sources of AffinityTable alone. Any thread.
#pragma once

#include <chrono>
#include <mutex>

#include "affinity/pin_shard.h"
#include "affinity/table.h"

namespace limpet::affinity {

// On cache lines of its own: workers in neighbouring shards do not disturb one another.
struct alignas(64) AffinityTable::Shard {
  explicit Shard(std::size_t capacity) : pins(capacity) {}

  // The live entry of a name; one that has expired is freed and made anew, so that nothing of it lives on.
  PinShard::Entry& live_entry(const PinShard::Name& name, Instant now) {
    ++changes;
    PinShard::Number number = pins.find(name);
    if (number != PinShard::kNone && pins[number].is_expired(now)) {
      pins.erase(number);
      number = PinShard::kNone;
    }
    if (number == PinShard::kNone) {
      number = pins.insert(name, now);
    }
    pins.touch(number);
    return pins[number];
  }

  mutable std::mutex mutex;
  PinShard pins;              // guarded by mutex
  std::uint64_t changes = 0;  // likewise
};

// A long-polling client has a request under way nearly always; a pause of a minute means that it has left.
constexpr Duration kMidSession = std::chrono::minutes(1);

[[nodiscard]] inline Pin pin_of(const PinShard::Entry& entry, Instant now, std::uint16_t agreement) noexcept {
  // min() must not be subtracted from: it would overflow.
  const bool was_opened = entry.last_opened != Instant::min();
  return {.backend = entry.backend,
          .reason = entry.reason,
          .by_hand = entry.by_hand,
          .mid_session = entry.sessions > 0 || (was_opened && now - entry.last_opened < kMidSession),
          .agreed = entry.agreed_in == agreement};
}

}  // namespace limpet::affinity
