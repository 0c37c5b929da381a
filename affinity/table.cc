#include "affinity/table.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <mutex>

#include "affinity/table_shard.h"
#include "base/crypto.h"

namespace limpet::affinity {

namespace {

// Below this a shard would be full long before the table is, by the luck of the hash.
constexpr std::size_t kMinShardEntries = 1024;
// Entry numbers have 32 bits.
constexpr std::size_t kMaxShardEntries = 1U << 30U;

void apply(PinShard::Entry& entry, const Pin& pin) noexcept {
  const bool keeps_the_operators_word = entry.by_hand && !pin.by_hand && pin.reason != PinReason::Failover;
  if (entry.backend == pin.backend || keeps_the_operators_word) {
    return;
  }
  entry.backend = pin.backend;
  entry.reason = pin.reason;
  entry.by_hand = pin.by_hand;
  entry.agreed_in = 0;
}

void open(PinShard::Entry& entry, const Pin& pin, Duration ttl, Instant now) noexcept {
  apply(entry, pin);
  ++entry.sessions;
  entry.ttl = ttl;
  entry.last_seen = now;
  entry.last_opened = now;
  entry.opened_here = true;
}

void take_over(PinShard::Entry& entry, const Pin& pin, Duration ttl, std::uint16_t agreement) noexcept {
  entry.backend = pin.backend;
  entry.reason = pin.reason;
  entry.by_hand = pin.by_hand;
  entry.ttl = ttl;
  entry.agreed_in = agreement;
}

// By the lower bits of the hash; upper ones have chosen the shard.
PinShard::Name name_of(PoolId pool, const Key& key, std::uint64_t hash) noexcept {
  return {.hash = static_cast<PinIndex::Hash>(hash), .pool = pool, .key = key};
}

}  // namespace

std::string_view word(PinReason reason) noexcept {
  switch (reason) {
    case PinReason::Balance:
      return "balance";
    case PinReason::Hash:
      return "hash";
    case PinReason::Overflow:
      return "overflow";
    case PinReason::Failover:
      return "failover";
    case PinReason::Moved:
      return "moved";
  }
  return "unknown";
}

AffinityTable::AffinityTable(std::size_t max_entries)
    : seed_(crypto::random_seed()),
      capacity_(std::clamp<std::size_t>(max_entries, 1, kMostShards * kMaxShardEntries)) {
  const std::size_t most = capacity_;
  const std::size_t count = std::bit_floor(std::clamp<std::size_t>(most / kMinShardEntries, 1, kMostShards));
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t rest = i < most % count ? 1U : 0U;
    shards_.push_back(std::make_unique<Shard>(most / count + rest));
  }
}

AffinityTable::~AffinityTable() = default;

std::uint64_t AffinityTable::hash_of(const Key& key) const noexcept {
  return XXH3_64bits_withSeed(key.text.data(), key.text.size(), seed_ + static_cast<std::uint64_t>(key.kind));
}

// By the upper bits of the hash: the lower ones choose the bucket in the shard's index.
AffinityTable::Shard& AffinityTable::shard_of(std::uint64_t hash) const noexcept {
  constexpr unsigned kShardShift = 48;
  return *shards_[(hash >> kShardShift) & (shards_.size() - 1)];
}

std::optional<Pin> AffinityTable::find(PoolId pool, const Key& key, Instant now) const {
  const std::uint64_t hash = hash_of(key);
  const Shard& shard = shard_of(hash);
  const std::scoped_lock lock(shard.mutex);
  const PinShard::Number number = shard.pins.find(name_of(pool, key, hash));
  if (number == PinShard::kNone || shard.pins[number].is_expired(now)) {
    return std::nullopt;
  }
  return pin_of(shard.pins[number], now, agreement());
}

void AffinityTable::open_session(PoolId pool, const Key& key, const Pin& pin, Duration ttl, Instant now) {
  const std::uint64_t hash = hash_of(key);
  Shard& shard = shard_of(hash);
  const std::scoped_lock lock(shard.mutex);
  open(shard.live_entry(name_of(pool, key, hash), now), pin, ttl, now);
}

bool AffinityTable::claim_session(PoolId pool, const Key& key, const Pin& pin, backends::BackendId seen,
                                  Duration ttl, Instant now) {
  const std::uint64_t hash = hash_of(key);
  Shard& shard = shard_of(hash);
  const std::scoped_lock lock(shard.mutex);
  PinShard::Entry& entry = shard.live_entry(name_of(pool, key, hash), now);
  const bool unchanged = entry.backend == 0 || entry.backend == seen || entry.backend == pin.backend;
  if (unchanged) {
    open(entry, pin, ttl, now);
  }
  return unchanged;
}

void AffinityTable::close_session(PoolId pool, const Key& key, Instant now, Ending ending) {
  const std::uint64_t hash = hash_of(key);
  Shard& shard = shard_of(hash);
  const std::scoped_lock lock(shard.mutex);
  const PinShard::Number number = shard.pins.find(name_of(pool, key, hash));
  if (number == PinShard::kNone || shard.pins[number].sessions == 0) {
    return;
  }
  PinShard::Entry& entry = shard.pins[number];
  ++shard.changes;
  --entry.sessions;
  entry.last_seen = now;
  if (ending == Ending::SentAway) {
    entry.last_opened = Instant::min();
  }
  shard.pins.touch(number);
}

void AffinityTable::set_by_hand(PoolId pool, const Key& key, backends::BackendId backend, Duration ttl,
                                Instant now) {
  const std::uint64_t hash = hash_of(key);
  Shard& shard = shard_of(hash);
  const std::scoped_lock lock(shard.mutex);
  PinShard::Entry& entry = shard.live_entry(name_of(pool, key, hash), now);
  entry.backend = backend;
  entry.reason = PinReason::Moved;
  entry.by_hand = true;
  entry.agreed_in = 0;
  entry.ttl = ttl;
  entry.last_seen = now;
}

void AffinityTable::agree(PoolId pool, const Key& key, const Pin& pin, Duration ttl, Instant now) {
  const std::uint64_t hash = hash_of(key);
  Shard& shard = shard_of(hash);
  const std::scoped_lock lock(shard.mutex);
  PinShard::Entry& entry = shard.live_entry(name_of(pool, key, hash), now);
  take_over(entry, pin, ttl, agreement());
  entry.last_seen = now;
}

bool AffinityTable::heed(PoolId pool, const Key& key, const Pin& pin, Duration ttl, Instant now) {
  const std::uint64_t hash = hash_of(key);
  Shard& shard = shard_of(hash);
  const PinShard::Name name = name_of(pool, key, hash);
  const std::scoped_lock lock(shard.mutex);
  const PinShard::Number known = shard.pins.find(name);
  if (known == PinShard::kNone || shard.pins[known].is_expired(now)) {
    return false;
  }
  ++shard.changes;
  take_over(shard.pins[known], pin, ttl, agreement());
  return true;
}

bool AffinityTable::forget(PoolId pool, const Key& key) {
  const std::uint64_t hash = hash_of(key);
  Shard& shard = shard_of(hash);
  const std::scoped_lock lock(shard.mutex);
  const PinShard::Number number = shard.pins.find(name_of(pool, key, hash));
  if (number != PinShard::kNone) {
    ++shard.changes;
    shard.pins.erase(number);
  }
  return number != PinShard::kNone;
}

bool AffinityTable::restore(PoolId pool, const Key& key, const FormerPin& former, Instant now) {
  const std::uint64_t hash = hash_of(key);
  Shard& shard = shard_of(hash);
  const PinShard::Name name = name_of(pool, key, hash);
  const std::scoped_lock lock(shard.mutex);
  const PinShard::Number known = shard.pins.find(name);
  const bool is_live = known != PinShard::kNone && !shard.pins[known].is_expired(now);
  const bool was_used =
      is_live && (shard.pins[known].opened_here || shard.pins[known].last_seen >= former.last_seen);
  if (was_used || now - former.last_seen >= former.ttl) {
    return false;
  }
  PinShard::Entry& entry = shard.live_entry(name, now);
  entry.backend = former.pin.backend;
  entry.reason = former.pin.reason;
  entry.by_hand = former.pin.by_hand;
  entry.ttl = former.ttl;
  entry.created = former.created;
  entry.last_seen = former.last_seen;
  entry.last_opened = former.last_opened;
  return true;
}

}  // namespace limpet::affinity
