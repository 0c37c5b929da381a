#include "affinity/pin_shard.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace limpet::affinity {

namespace {

constexpr std::size_t kFirstIndexSlots = 64;
// How many of the oldest are looked at for one without sessions before the very oldest has to go.
constexpr int kEvictionLooks = 16;

}  // namespace

void ShortText::assign(std::string_view text) {
  LIMPET_ASSERT(text.size() <= kMaxKeyBytes, "a key's text is bounded");
  longer_ = text.size() > kInlineBytes ? std::make_unique<char[]>(text.size()) : nullptr;
  std::ranges::copy(text, longer_ ? longer_.get() : inline_.data());
  size_ = static_cast<std::uint8_t>(text.size());
}

PinShard::PinShard(std::size_t capacity) : capacity_(capacity), index_(kFirstIndexSlots) {}

PinShard::Number PinShard::find(const Name& name) const noexcept {
  for (std::size_t slot = home_of(name.hash); index_[slot] != 0; slot = next_slot(slot)) {
    const Entry& entry = (*this)[index_[slot] - 1];
    if (entry.hash == name.hash && entry.pool == name.pool && entry.kind == name.key.kind &&
        entry.text.view() == name.key.text) {
      return index_[slot] - 1;
    }
  }
  return kNone;
}

PinShard::Number PinShard::insert(const Name& name, Instant now) {
  if (size_ >= capacity_) {
    evict(now);
  }
  if ((size_ + 1) * 4 > index_.size() * 3) {
    grow_index();
  }
  const Number number = take_free();
  Entry& entry = (*this)[number];
  entry = Entry{};
  entry.hash = name.hash;
  entry.pool = name.pool;
  entry.kind = name.key.kind;
  entry.text.assign(name.key.text);
  entry.created = now;
  entry.last_seen = now;
  entry.in_use = true;
  link_newest(number);
  index_entry(number);
  ++size_;
  return number;
}

void PinShard::erase(Number number) noexcept {
  unindex(number);
  unlink(number);
  Entry& entry = (*this)[number];
  entry = Entry{};  // gives the memory of a long text back
  entry.newer = free_;
  free_ = number;
  --size_;
}

void PinShard::touch(Number number) noexcept {
  if (number != newest_) {
    unlink(number);
    link_newest(number);
  }
}

PinShard::Number PinShard::take_free() {
  if (free_ != kNone) {
    return std::exchange(free_, (*this)[free_].newer);
  }
  if (slab_size_ % kBlockEntries == 0) {
    blocks_.push_back(std::make_unique<Entry[]>(kBlockEntries));
  }
  return slab_size_++;
}

void PinShard::evict(Instant now) noexcept {
  Number victim = oldest_;
  for (int looks = 0; looks < kEvictionLooks && victim != kNone; ++looks) {
    if ((*this)[victim].sessions == 0) {
      break;
    }
    victim = (*this)[victim].newer;
  }
  if (victim == kNone || (*this)[victim].sessions != 0) {
    victim = oldest_;
  }
  evictions_ += (*this)[victim].is_expired(now) ? 0U : 1U;
  erase(victim);
}

void PinShard::index_entry(Number number) noexcept {
  std::size_t slot = home_of((*this)[number].hash);
  while (index_[slot] != 0) {
    slot = next_slot(slot);
  }
  index_[slot] = number + 1;
}

// Entries that were pushed past the freed slot move back into it, so that no gap ever cuts a chain.
void PinShard::unindex(Number number) noexcept {
  std::size_t gap = home_of((*this)[number].hash);
  while (index_[gap] != number + 1) {
    gap = next_slot(gap);
  }
  const std::size_t mask = index_.size() - 1;
  for (std::size_t slot = next_slot(gap); index_[slot] != 0; slot = next_slot(slot)) {
    const std::size_t home = home_of((*this)[index_[slot] - 1].hash);
    const bool gap_is_on_its_way = ((slot - home) & mask) >= ((slot - gap) & mask);
    if (gap_is_on_its_way) {
      index_[gap] = index_[slot];
      gap = slot;
    }
  }
  index_[gap] = 0;
}

void PinShard::grow_index() {
  index_.assign(index_.size() * 2, 0);
  for (Number number = oldest_; number != kNone; number = (*this)[number].newer) {
    index_entry(number);
  }
}

void PinShard::link_newest(Number number) noexcept {
  Entry& entry = (*this)[number];
  entry.older = newest_;
  entry.newer = kNone;
  (newest_ == kNone ? oldest_ : (*this)[newest_].newer) = number;
  newest_ = number;
}

void PinShard::unlink(Number number) noexcept {
  const Entry& entry = (*this)[number];
  (entry.older == kNone ? oldest_ : (*this)[entry.older].newer) = entry.newer;
  (entry.newer == kNone ? newest_ : (*this)[entry.newer].older) = entry.older;
}

}  // namespace limpet::affinity
