// PinShard: one shard of the affinity table without its lock: a slab of entries, an index into it, and the
// order of use. Owned by AffinityTable, touched under the shard's lock alone. No call takes longer because
// the shard is large: it grows by a block of entries and by a bucket of the index at a time.
//
//   index_  hash -> entry number
//   slab    [ e0 e1 e2 ... ]     in blocks that never move; a number stays with its entry for life
//   links   oldest <-> ... <-> newest by last use; the free entries hang on a list of their own
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "affinity/pin_index.h"
#include "affinity/short_text.h"
#include "affinity/table.h"

namespace limpet::affinity {

class PinShard {
 public:
  using Number = PinIndex::Number;
  static constexpr Number kNone = PinIndex::kNone;
  // A block of the slab: small tables stay small, large ones grow without moving what is there.
  static constexpr Number kBlockEntries = 64;

  // A million of them are the memory of a full table: see the assertion below.
  struct Entry {
    Instant created;
    Instant last_seen;
    Instant last_opened = Instant::min();  // of a session; min() also after a client was sent away
    Duration ttl{};
    ShortText text;
    PinIndex::Link link;
    backends::BackendId backend = 0;
    std::uint32_t sessions = 0;
    Number older = kNone;
    Number newer = kNone;  // on the free list: the next free one
    PoolId pool = 0;
    KeyKind kind = KeyKind::Cookie;
    PinReason reason = PinReason::Balance;
    bool by_hand : 1 = false;
    bool opened_here : 1 = false;  // by this process: a former one's word is older
    bool in_use : 1 = false;       // false: on the free list
    std::uint16_t agreed_in = 0;   // AffinityTable::agreement() when other nodes said the same; 0 = never

    [[nodiscard]] bool is_expired(Instant now) const noexcept {
      return sessions == 0 && now - last_seen >= ttl;
    }
  };

  // With the 8 bytes of its buckets an entry is 112 bytes, and 120 were promised.
  static_assert(sizeof(Entry) <= 104);

  // Whom a call is about. `hash` is of kind and text, the part of the table's that did not choose the shard.
  struct Name {
    PinIndex::Hash hash = 0;
    PoolId pool = 0;
    const Key& key;
  };

  explicit PinShard(std::size_t capacity);

  // kNone when there is none. Expired entries are found as long as they have not been freed.
  [[nodiscard]] Number find(const Name& name) const noexcept;
  [[nodiscard]] Entry& operator[](Number number) noexcept { return block_of(number)[number % kBlockEntries]; }
  [[nodiscard]] const Entry& operator[](Number number) const noexcept {
    return block_of(number)[number % kBlockEntries];
  }

  // Makes an entry that is not there yet, as the newest; makes room first where the shard is full.
  Number insert(const Name& name, Instant now);
  void erase(Number number) noexcept;
  // Makes it the newest.
  void touch(Number number) noexcept;

  // Numbers of all entries, used and free, are below this.
  [[nodiscard]] Number slab_size() const noexcept { return slab_size_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint64_t evictions() const noexcept { return evictions_; }

  // Calls `visit` with every entry that has this hash: other pools, and by accident other texts.
  template <typename Visit>
  void each_with_hash(PinIndex::Hash hash, Visit visit) const {
    for (Number number = index_.first(hash); number != kNone; number = (*this)[number].link.next) {
      if ((*this)[number].link.hash == hash) {
        visit((*this)[number]);
      }
    }
  }

 private:
  [[nodiscard]] Entry* block_of(Number number) const noexcept {
    return blocks_[number / kBlockEntries].get();
  }
  [[nodiscard]] auto link_of() noexcept {
    return [this](Number number) -> PinIndex::Link& { return (*this)[number].link; };
  }

  [[nodiscard]] Number take_free();
  void evict(Instant now) noexcept;
  void link_newest(Number number) noexcept;
  void unlink(Number number) noexcept;

  std::size_t capacity_;
  std::size_t size_ = 0;
  std::uint64_t evictions_ = 0;
  PinIndex index_;
  std::vector<std::unique_ptr<Entry[]>> blocks_;
  Number slab_size_ = 0;
  Number oldest_ = kNone;
  Number newest_ = kNone;
  Number free_ = kNone;
};

}  // namespace limpet::affinity
