// AffinityTable: which key has which backend, and why. Sharded locks held for a few instructions, never
// across a call out; bounded (the least recently used go first, those without sessions before those with),
// expiring, listable in slices. Touched when a session or request opens and closes, never per message. Time
// is an argument. Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "affinity/key.h"
#include "backends/backend.h"
#include "base/clock.h"

namespace limpet::affinity {

enum class PinReason : std::uint8_t { Balance, Hash, Overflow, Failover, Moved };

[[nodiscard]] std::string_view word(PinReason reason) noexcept;  // "balance", "hash", ...

using PoolId = std::uint16_t;

struct Pin {
  backends::BackendId backend = 0;
  PinReason reason = PinReason::Balance;
  bool by_hand = false;  // set by an operator: stands above the cookie
  // An answer of find() alone: a session or request is under way, or one was opened within the last minute
  // (long-polling) and not sent away since. Such a client keeps its backend while that drains.
  bool mid_session = false;
  // An answer of find() alone: the other nodes that pins are shared with say the same (agree()). Always false
  // where pins are not shared.
  bool agreed = false;
};

// How a session ended, as seen by the pin.
enum class Ending : std::uint8_t {
  Usual,
  SentAway,  // drained or moved: the client is not mid-session any more, and a draining backend does not take
             // it back
};

struct PinView {  // one entry, for people
  std::string key;
  KeyKind kind = KeyKind::Cookie;
  PoolId pool = 0;
  Pin pin;
  std::uint32_t sessions = 0;  // requests and tunnels under way
  Instant created;
  Instant last_seen;
  Instant last_opened;  // Instant::min(): no session of it counts as one it is in the middle of
  Duration ttl{};
  std::optional<Instant> expires;  // none while sessions are under way
};

// A pin that outlived its table: of an earlier process.
struct FormerPin {
  Pin pin;
  Duration ttl{};
  Instant created;  // may lie before this machine was started
  Instant last_seen;
  Instant last_opened = Instant::min();  // as in PinView
};

class AffinityTable {
 public:
  static constexpr std::size_t kMostShards = 64;

  // Holds at most `max_entries` (at least 1), spread over shards: a full shard evicts, so a table begins to
  // evict a little before it is full.
  explicit AffinityTable(std::size_t max_entries);
  ~AffinityTable();
  AffinityTable(const AffinityTable&) = delete;
  AffinityTable& operator=(const AffinityTable&) = delete;

  // The live pin of a key; an expired one counts as none. Does not touch last_seen.
  [[nodiscard]] std::optional<Pin> find(PoolId pool, const Key& key, Instant now) const;

  // A session or request of `key` opens on `pin.backend`: makes or changes the pin, counts one session, and
  // marks it as used. A change of backend gives the entry a new reason; the same backend keeps its old reason
  // and by_hand. A backend set by hand gives way to a Failover only: a session that was decided before the
  // operator spoke does not undo the word.
  void open_session(PoolId pool, const Key& key, const Pin& pin, Duration ttl, Instant now);
  // The same, unless another request has changed the pin since a decision saw `seen` (0 = none) there: then
  // it answers false and changes nothing, and the decision is to be made again. So the first requests of a
  // client, all at the same moment on several workers, agree on one backend.
  [[nodiscard]] bool claim_session(PoolId pool, const Key& key, const Pin& pin, backends::BackendId seen,
                                   Duration ttl, Instant now);
  // The other end of open_session and claim_session. An entry that was evicted or forgotten meanwhile is left
  // alone.
  void close_session(PoolId pool, const Key& key, Instant now, Ending ending = Ending::Usual);

  // An operator's word: pins the key (reason Moved, by_hand).
  void set_by_hand(PoolId pool, const Key& key, backends::BackendId backend, Duration ttl, Instant now);
  // True when there was one.
  bool forget(PoolId pool, const Key& key);
  // Takes a pin of an earlier process in, as if it had been here all the time. False, and nothing has
  // changed, when it has expired or the key has a live pin that was used here or is not older: what was seen
  // here counts more.
  bool restore(PoolId pool, const Key& key, const FormerPin& former, Instant now);

  // For pins that are shared with other nodes. What they all hold of a key, told in the order in which it
  // came about: takes it over, whatever is here, and holds it for agreed until forget_agreements().
  void agree(PoolId pool, const Key& key, const Pin& pin, Duration ttl, Instant now);
  // The same for a change that was made elsewhere: a key that is not known here is left alone. True when it
  // was.
  bool heed(PoolId pool, const Key& key, const Pin& pin, Duration ttl, Instant now);
  // What other nodes say may have been missed: no pin counts as agreed any more.
  void forget_agreements() noexcept { gaps_.fetch_add(1, std::memory_order_relaxed); }

  // One step of expiry: looks at a bounded number of entries, frees a bounded number of those that have
  // expired, and goes on there at the next call; called on a timer, so expiry never makes a pause. Answers
  // how many it freed.
  std::size_t expire(Instant now);

  [[nodiscard]] std::size_t size() const noexcept;
  // How many it may hold at most.
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  // Entries that went because the table was full; expired ones do not count.
  [[nodiscard]] std::uint64_t evictions() const noexcept;
  // Grows whenever something was changed that a copy of the table would miss; expiry alone does not count.
  [[nodiscard]] std::uint64_t changes() const noexcept;

  struct Filter {
    std::optional<backends::BackendId> backend;
    std::optional<KeyKind> kind;
  };
  struct Page {
    std::vector<PinView> entries;
    std::uint64_t next = 0;  // cursor for the following page; 0 = this was the last
  };
  // Entries from `cursor` (0 = from the start) on, at most `limit` of them and after looking at a bounded
  // number: a page with a rare filter may be short or empty while `next` is set. Entries that stay put are
  // listed exactly once.
  [[nodiscard]] Page list(std::uint64_t cursor, std::size_t limit, const Filter& filter, Instant now) const;
  // Every entry with this text, in any pool and of any kind.
  [[nodiscard]] std::vector<PinView> find_text(std::string_view text, Instant now) const;

 private:
  struct Shard;

  [[nodiscard]] std::uint64_t hash_of(const Key& key) const noexcept;
  [[nodiscard]] Shard& shard_of(std::uint64_t hash) const noexcept;
  // A seed of this process: clients choose the text of header, query and path keys, and must not be able to
  // choose where in the table they land.
  std::uint64_t seed_;
  std::size_t capacity_;
  std::vector<std::unique_ptr<Shard>> shards_;  // a power of two
  // Number of the time in which what other nodes say has been heard without a gap; never 0. It comes round
  // after 65 535 gaps.
  [[nodiscard]] std::uint16_t agreement() const noexcept {
    constexpr std::uint32_t kMost = 0xffff;
    return static_cast<std::uint16_t>(1 + gaps_.load(std::memory_order_relaxed) % kMost);
  }
  std::atomic<std::uint32_t> gaps_{0};
  std::atomic<std::uint64_t> sweep_cursor_{0};  // where expire() goes on
};

}  // namespace limpet::affinity
