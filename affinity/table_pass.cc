// The calls of AffinityTable that go through all of it: expiry, lists, sums.
#include <algorithm>
#include <array>
#include <mutex>

#include "affinity/slice_pass.h"
#include "affinity/table_shard.h"

namespace limpet::affinity {

namespace {

// A list looks at so many entries a call, and expiry, which reads them only, at more.
constexpr std::size_t kLooksAList = 4096;
constexpr std::size_t kLooksAStep = 16'384;
// What freeing an entry costs is cache misses at its neighbours: 0.2 to 0.4 us, so a step stays below 1 ms.
constexpr std::size_t kFreedAStep = 2000;

constexpr std::array kAllKinds{KeyKind::Cookie, KeyKind::ClientIp, KeyKind::Header, KeyKind::Query,
                               KeyKind::Path};

PinView view_of(const PinShard::Entry& entry, Instant now, std::uint16_t agreement) {
  const bool is_idle = entry.sessions == 0;
  return {.key = std::string(entry.text.view()),
          .kind = entry.kind,
          .pool = entry.pool,
          .pin = pin_of(entry, now, agreement),
          .sessions = entry.sessions,
          .created = entry.created,
          .last_seen = entry.last_seen,
          .last_opened = entry.last_opened,
          .ttl = entry.ttl,
          .expires = is_idle ? std::optional(entry.last_seen + entry.ttl) : std::nullopt};
}

bool passes(const PinShard::Entry& entry, const AffinityTable::Filter& filter, Instant now) noexcept {
  return entry.in_use && !entry.is_expired(now) && (!filter.backend || *filter.backend == entry.backend) &&
         (!filter.kind || *filter.kind == entry.kind);
}

}  // namespace

std::size_t AffinityTable::expire(Instant now) {
  std::size_t freed = 0;
  const auto free_expired = [&](PinShard& pins, PinShard::Number number) {
    if (pins[number].in_use && pins[number].is_expired(now)) {
      pins.erase(number);
      ++freed;
    }
    return freed < kFreedAStep;
  };
  // Two calls at once would look at the same entries, which does no harm.
  const std::uint64_t from = sweep_cursor_.load(std::memory_order_relaxed);
  sweep_cursor_.store(slice_pass(shards_, from, kLooksAStep, free_expired), std::memory_order_relaxed);
  return freed;
}

std::size_t AffinityTable::size() const noexcept {
  std::size_t sum = 0;
  for (const auto& shard : shards_) {
    const std::scoped_lock lock(shard->mutex);
    sum += shard->pins.size();
  }
  return sum;
}

std::uint64_t AffinityTable::evictions() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& shard : shards_) {
    const std::scoped_lock lock(shard->mutex);
    sum += shard->pins.evictions();
  }
  return sum;
}

std::uint64_t AffinityTable::changes() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& shard : shards_) {
    const std::scoped_lock lock(shard->mutex);
    sum += shard->changes;
  }
  return sum;
}

AffinityTable::Page AffinityTable::list(std::uint64_t cursor, std::size_t limit, const Filter& filter,
                                        Instant now) const {
  Page page;
  const std::uint16_t current = agreement();
  page.entries.reserve(std::min(limit, kLooksAList));  // not while a lock is held
  page.next = slice_pass(shards_, cursor, kLooksAList, [&](const PinShard& pins, PinShard::Number number) {
    if (passes(pins[number], filter, now)) {
      page.entries.push_back(view_of(pins[number], now, current));
    }
    return page.entries.size() < limit;
  });
  return page;
}

std::vector<PinView> AffinityTable::find_text(std::string_view text, Instant now) const {
  std::vector<PinView> found;
  const std::uint16_t current = agreement();
  for (const KeyKind kind : kAllKinds) {
    const Key key = Key::make(kind, text);
    const std::uint64_t hash = hash_of(key);
    const Shard& shard = shard_of(hash);
    const std::scoped_lock lock(shard.mutex);
    shard.pins.each_with_hash(static_cast<PinIndex::Hash>(hash), [&](const PinShard::Entry& entry) {
      if (entry.kind == kind && entry.text.view() == key.text && !entry.is_expired(now)) {
        found.push_back(view_of(entry, now, current));
      }
    });
  }
  return found;
}

}  // namespace limpet::affinity
