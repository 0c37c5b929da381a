#include "affinity/pin_shard.h"

#include <memory>
#include <utility>

namespace limpet::affinity {

namespace {

// How many of the oldest are looked at for one without sessions before the very oldest has to go.
constexpr int kEvictionLooks = 16;

}  // namespace

PinShard::PinShard(std::size_t capacity) : capacity_(capacity) {}

PinShard::Number PinShard::find(const Name& name) const noexcept {
  Number number = index_.first(name.hash);
  while (number != kNone) {
    const Entry& entry = (*this)[number];
    if (entry.link.hash == name.hash && entry.pool == name.pool && entry.kind == name.key.kind &&
        entry.text.view() == name.key.text) {
      break;
    }
    number = entry.link.next;
  }
  return number;
}

PinShard::Number PinShard::insert(const Name& name, Instant now) {
  if (size_ >= capacity_) {
    evict(now);
  }
  const Number number = take_free();
  Entry& entry = (*this)[number];
  entry.link.hash = name.hash;
  entry.pool = name.pool;
  entry.kind = name.key.kind;
  entry.text.assign(name.key.text);
  entry.created = now;
  entry.last_seen = now;
  entry.in_use = true;
  link_newest(number);
  index_.add(number, link_of());
  ++size_;
  return number;
}

void PinShard::erase(Number number) noexcept {
  index_.remove(number, link_of());
  unlink(number);
  Entry& entry = (*this)[number];
  std::destroy_at(&entry);  // gives the memory of a long text back
  std::construct_at(&entry);
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
    const Number number = free_;
    free_ = std::exchange((*this)[number].newer, kNone);
    return number;
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
