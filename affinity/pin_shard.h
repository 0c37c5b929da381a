// PinShard: one shard of the affinity table without its lock: a slab of entries, an index into it, and the
// order of use. Owned by AffinityTable, touched under the shard's lock alone.
//
//   index_  [ 0 | 7 | 0 | 3 | ... ]   open addressing, a slot holds entry number + 1, 0 = empty
//   slab    [ e0 e1 e2 ... ]          in blocks that never move; a number stays with its entry for life
//   links   oldest <-> ... <-> newest by last use; the free entries hang on a list of their own
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "affinity/table.h"

namespace limpet::affinity {

// Text of which the usual lengths need no memory of their own: cookie keys take 16 bytes, addresses up to 23.
class ShortText {
 public:
  void assign(std::string_view text);
  [[nodiscard]] std::string_view view() const noexcept {
    return {longer_ ? longer_.get() : inline_.data(), size_};
  }

 private:
  static constexpr std::size_t kInlineBytes = 24;

  std::array<char, kInlineBytes> inline_{};
  std::unique_ptr<char[]> longer_;  // null while the text fits inline_
  std::uint8_t size_ = 0;           // kMaxKeyBytes fits
};

class PinShard {
 public:
  using Number = std::uint32_t;
  static constexpr Number kNone = ~Number{0};

  struct Entry {
    std::uint64_t hash = 0;
    Instant created;
    Instant last_seen;
    Instant last_opened = Instant::min();  // of a session; min() also after a client was sent away
    Duration ttl{};
    ShortText text;
    KeyKind kind = KeyKind::Cookie;
    PinReason reason = PinReason::Balance;
    bool by_hand = false;
    bool in_use = false;  // false: on the free list
    PoolId pool = 0;
    backends::BackendId backend = 0;
    std::uint32_t sessions = 0;
    Number older = kNone;
    Number newer = kNone;  // on the free list: the next free one

    [[nodiscard]] bool is_expired(Instant now) const noexcept {
      return sessions == 0 && now - last_seen >= ttl;
    }
  };

  // Whom a call is about. `hash` is the table's, of kind and text.
  struct Name {
    std::uint64_t hash = 0;
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
  void each_with_hash(std::uint64_t hash, Visit visit) const {
    for (std::size_t slot = home_of(hash); index_[slot] != 0; slot = next_slot(slot)) {
      const Entry& entry = (*this)[index_[slot] - 1];
      if (entry.hash == hash) {
        visit(entry);
      }
    }
  }

 private:
  // A block is a few pages: small tables stay small, large ones grow without moving what is there.
  static constexpr Number kBlockEntries = 64;

  [[nodiscard]] Entry* block_of(Number number) const noexcept {
    return blocks_[number / kBlockEntries].get();
  }
  [[nodiscard]] std::size_t home_of(std::uint64_t hash) const noexcept { return hash & (index_.size() - 1); }
  [[nodiscard]] std::size_t next_slot(std::size_t slot) const noexcept {
    return (slot + 1) & (index_.size() - 1);
  }

  [[nodiscard]] Number take_free();
  void evict(Instant now) noexcept;
  void index_entry(Number number) noexcept;
  void unindex(Number number) noexcept;
  void grow_index();
  void link_newest(Number number) noexcept;
  void unlink(Number number) noexcept;

  std::size_t capacity_;
  std::size_t size_ = 0;
  std::uint64_t evictions_ = 0;
  std::vector<std::uint32_t> index_;  // a power of two, at most three quarters full
  std::vector<std::unique_ptr<Entry[]>> blocks_;
  Number slab_size_ = 0;
  Number oldest_ = kNone;
  Number newest_ = kNone;
  Number free_ = kNone;
};

}  // namespace limpet::affinity
