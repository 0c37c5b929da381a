// PinIndex: which entry has which hash, for one shard. Linear hashing: the buckets are chains through the
// entries, and an index that grows splits one bucket at a time, so that there is never a pause in which all
// of it moves. Under the shard's lock alone.
//
//   buckets  [ 5 | - | 0 | 9 | ... ]   bucket number i holds the hashes that end in the bits of i
//   chain      5 -> 7 -> none          through Link::next of the entries
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace limpet::affinity {

class PinIndex {
 public:
  using Number = std::uint32_t;  // of an entry
  using Hash = std::uint32_t;
  static constexpr Number kNone = ~Number{0};

  // What the index keeps in an entry.
  struct Link {
    Hash hash = 0;
    Number next = kNone;  // in the same bucket
  };

  // The first entry whose bucket is that of `hash`; kNone when the bucket is empty.
  [[nodiscard]] Number first(Hash hash) const noexcept {
    return buckets_ == 0 ? kNone : head(bucket_of(hash));
  }

  // `link_of(number)` answers the Link of an entry.
  template <typename LinkOf>
  void add(Number number, LinkOf link_of) {
    while (buckets_ < kBucketsAnEntry * (entries_ + 1)) {
      split_one(link_of);
    }
    push(number, link_of(number));
    ++entries_;
  }
  // Requires that it was added.
  template <typename LinkOf>
  void remove(Number number, LinkOf link_of) noexcept {
    Number* at = &head(bucket_of(link_of(number).hash));
    while (*at != number) {
      at = &link_of(*at).next;
    }
    *at = link_of(number).next;
    --entries_;
  }

 private:
  // Every further entry of a chain is a cache miss: with 2 one lookup in 30 goes to a third one.
  static constexpr std::size_t kBucketsAnEntry = 2;
  // A page of memory.
  static constexpr std::size_t kBlockBuckets = 1024;
  using Block = std::array<Number, kBlockBuckets>;

  [[nodiscard]] Number& head(std::size_t bucket) const noexcept {
    return (*blocks_[bucket / kBlockBuckets])[bucket % kBlockBuckets];
  }
  [[nodiscard]] std::size_t bucket_of(Hash hash) const noexcept {
    const std::size_t bucket = hash & mask_;
    return bucket < buckets_ ? bucket : bucket & (mask_ >> 1U);
  }
  void push(Number number, Link& link) noexcept {
    Number& place = head(bucket_of(link.hash));
    link.next = place;
    place = number;
  }

  // Adds one bucket and moves into it what belongs there: part of a single other bucket.
  template <typename LinkOf>
  void split_one(LinkOf link_of) {
    if (buckets_ % kBlockBuckets == 0) {
      blocks_.push_back(std::make_unique<Block>());
    }
    if (buckets_ > mask_) {
      mask_ = mask_ * 2 + 1;
    }
    const std::size_t parent = buckets_ & (mask_ >> 1U);
    head(buckets_) = kNone;
    Number moving = buckets_ == 0 ? kNone : head(parent);
    ++buckets_;
    if (moving != kNone) {
      head(parent) = kNone;
    }
    while (moving != kNone) {
      Link& link = link_of(moving);
      const Number rest = link.next;
      push(moving, link);
      moving = rest;
    }
  }

  std::vector<std::unique_ptr<Block>> blocks_;
  std::size_t buckets_ = 0;
  std::size_t mask_ = 0;  // the smallest 2^n - 1 that is at least buckets_ - 1
  std::size_t entries_ = 0;
};

}  // namespace limpet::affinity
