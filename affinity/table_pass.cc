// The calls of AffinityTable that go through all of it: expiry, lists, sums.
#include <algorithm>
#include <array>
#include <mutex>

#include "affinity/table_shard.h"

namespace limpet::affinity {

namespace {

// A call that goes through the table looks at so many entries in all, and at so many while it holds a lock.
constexpr std::size_t kLooksACall = 4096;
constexpr std::uint32_t kLooksALock = 256;
// expire() looks further than at what it may free: in a busy table most entries are alive.
constexpr std::size_t kLooksAFreed = 16;

constexpr std::array kAllKinds{KeyKind::Cookie, KeyKind::ClientIp, KeyKind::Header, KeyKind::Query,
                               KeyKind::Path};

// Where a pass through the table is: the shard in the upper half, the entry in the lower. 0 = the start and
// the end.
struct Cursor {
  std::size_t shard = 0;
  std::uint32_t entry = 0;

  static constexpr unsigned kEntryBits = 32;
  [[nodiscard]] static Cursor unpack(std::uint64_t packed) noexcept {
    return {static_cast<std::size_t>(packed >> kEntryBits), static_cast<std::uint32_t>(packed)};
  }
  [[nodiscard]] std::uint64_t pack() const noexcept { return std::uint64_t{shard} << kEntryBits | entry; }
};

PinView view_of(const PinShard::Entry& entry, Instant now) {
  const bool is_idle = entry.sessions == 0;
  return {.key = std::string(entry.text.view()),
          .kind = entry.kind,
          .pool = entry.pool,
          .pin = pin_of(entry, now),
          .sessions = entry.sessions,
          .created = entry.created,
          .last_seen = entry.last_seen,
          .expires = is_idle ? std::optional(entry.last_seen + entry.ttl) : std::nullopt};
}

bool passes(const PinShard::Entry& entry, const AffinityTable::Filter& filter, Instant now) noexcept {
  return entry.in_use && !entry.is_expired(now) && (!filter.backend || *filter.backend == entry.backend) &&
         (!filter.kind || *filter.kind == entry.kind);
}

}  // namespace

template <typename Visit>
std::uint64_t AffinityTable::pass(std::uint64_t from, std::size_t looks, Visit visit) const {
  Cursor at = Cursor::unpack(from);
  bool goes_on = true;
  while (at.shard < shards_.size() && looks > 0 && goes_on) {
    Shard& shard = *shards_[at.shard];
    const std::scoped_lock lock(shard.mutex);
    const std::uint32_t size = shard.pins.slab_size();
    for (std::uint32_t i = 0; i < kLooksALock && at.entry < size && looks > 0 && goes_on; ++i, --looks) {
      goes_on = visit(shard.pins, at.entry++);
    }
    if (at.entry >= size) {
      at = {.shard = at.shard + 1, .entry = 0};
    }
  }
  return at.shard < shards_.size() ? at.pack() : 0;
}

std::size_t AffinityTable::expire(Instant now, std::size_t most) {
  if (most == 0) {
    return 0;
  }
  std::size_t freed = 0;
  const auto free_expired = [&](PinShard& pins, PinShard::Number number) {
    if (pins[number].in_use && pins[number].is_expired(now)) {
      pins.erase(number);
      ++freed;
    }
    return freed < most;
  };
  // Two calls at once would look at the same entries, which does no harm.
  const std::uint64_t from = sweep_cursor_.load(std::memory_order_relaxed);
  const std::size_t looks = std::max(kLooksACall, most * kLooksAFreed);
  sweep_cursor_.store(pass(from, looks, free_expired), std::memory_order_relaxed);
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

AffinityTable::Page AffinityTable::list(std::uint64_t cursor, std::size_t limit, const Filter& filter,
                                        Instant now) const {
  Page page;
  page.next = pass(cursor, kLooksACall, [&](const PinShard& pins, PinShard::Number number) {
    if (passes(pins[number], filter, now)) {
      page.entries.push_back(view_of(pins[number], now));
    }
    return page.entries.size() < limit;
  });
  return page;
}

std::vector<PinView> AffinityTable::find_text(std::string_view text, Instant now) const {
  std::vector<PinView> found;
  for (const KeyKind kind : kAllKinds) {
    const Key key = Key::make(kind, text);
    const std::uint64_t hash = hash_of(key);
    const Shard& shard = shard_of(hash);
    const std::scoped_lock lock(shard.mutex);
    shard.pins.each_with_hash(hash, [&](const PinShard::Entry& entry) {
      if (entry.kind == kind && entry.text.view() == key.text && !entry.is_expired(now)) {
        found.push_back(view_of(entry, now));
      }
    });
  }
  return found;
}

}  // namespace limpet::affinity
