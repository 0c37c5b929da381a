// decide(): which backend a request goes to, and why. The order: a pin set by hand, the cookie, the pin, the
// walk; each step asks eligibility and (for clients without a pin) the load bound. Answers an eligible,
// untried backend or none. A draining backend keeps only the clients that are mid-session there
// (Pin::mid_session) or set there by hand. Pure but for the table, which is only read. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "affinity/cookie_codec.h"
#include "affinity/key.h"
#include "affinity/table.h"
#include "backends/backend_set.h"
#include "base/clock.h"
#include "settings/settings.h"

namespace limpet::affinity {

// Everything of a pool that a decision needs. Part of a Snapshot; immutable.
struct PoolView {
  PoolId id = 0;
  std::string name;
  settings::Affinity rule;
  settings::Drain drain;
  backends::BackendSet backends;
  std::shared_ptr<const CookieCodec> codec;  // null unless rule.by is Cookie
  bool has_slow_start = false;               // backends that came back have a share of their weight
  bool is_leaving = false;  // removed while limpet runs: here until its last session has gone, for nobody new
};

struct Request {
  ClientFacts client;
  Instant now;
  WallTime wall_now;
  std::uint64_t random = 0;  // walks of clients without a key begin here
};

// Who the client is, found out once a request and kept over its attempts.
//
//   by cookie        key                     the answer's cookie carries
//   valid cookie     its key                 its key, if the backend changes or half of max_age is over
//   none, fallback   the client's address    a new key: who takes cookies is known by it from then on
//   none             a new key (key_is_new)  that key
struct Identity {
  std::optional<Key> key;                       // none: by none, or nothing to key on
  std::optional<std::uint64_t> cookie_backend;  // name hash in a verified cookie
  bool key_is_new = false;  // cookie affinity, no valid cookie and no fallback: the key was just made up
  std::optional<CookieFault> cookie_fault;  // cookies came and none was valid: why the last was not
  bool cookie_is_aging = false;  // half of max_age is over: a client in steady use must not lose its cookie
};
[[nodiscard]] Identity identify(const PoolView& pool, const Request& request);

enum class Outcome : std::uint8_t {
  Chosen,
  NoBackends,  // nobody is eligible and untried
  StrictPin,   // strict affinity: the pinned backend cannot take it and no other may (503)
};

// How a decision came about, for people who count them.
enum class Ground : std::uint8_t {
  ByHand,    // an operator's word was followed
  Cookie,    // the cookie was
  Pin,       // the table was
  Balance,   // a client that nothing binds, by load
  Hash,      // and by hash
  Overflow,  // by hash, and the first choice was over its load bound
  Failover,  // another than the one that it is bound to, or that was tried
  NoBackend,
  Strict,
  kCount,
};
inline constexpr std::size_t kGroundCount = static_cast<std::size_t>(Ground::kCount);
[[nodiscard]] std::string_view word(Ground ground) noexcept;  // "by_hand", "cookie", ...

struct Decision {
  Outcome outcome = Outcome::NoBackends;
  const backends::Backend* backend = nullptr;  // set with Chosen; belongs to the pool
  PinReason reason = PinReason::Balance;
  Ground ground = Ground::NoBackend;
  bool by_hand = false;
  bool was_pinned = false;           // a hand-set pin, a cookie or a pin named exactly this backend
  backends::BackendId pin_seen = 0;  // what the table said, 0 = nothing: for claim_session
  bool pin_agreed = false;           // and other nodes, if there are any, say the same of it
  bool set_cookie = false;           // the answer must carry cookie_for(key and backend)
};

// One line of an explanation, for a person: what was asked and what came out.
struct TraceStep {
  std::string step;     // "by_hand", "cookie", "pin", "strict", "walk", "balance"
  std::string backend;  // name, empty when the step named none
  std::string
      verdict;  // "taken", or why not: "none", "gone", "down", "over its load bound", "already tried", ...
};

struct Attempts {
  std::span<const backends::BackendId> tried;  // this request has already failed there
  std::vector<TraceStep>* trace = nullptr;     // null unless somebody wants to read it
};

// Of `request` only the times and `random` are read: its head may be gone by the time of a second attempt.
[[nodiscard]] Decision decide(const PoolView& pool, const Identity& identity, const Request& request,
                              const AffinityTable& table, const Attempts& attempts);

// The Set-Cookie field value for a decision with set_cookie. A key of another kind than Cookie (the
// fallback's) stays out of the cookie: a new key is made. Requires a pool with a codec.
[[nodiscard]] std::string cookie_for(const PoolView& pool, const Key& key, const backends::Backend& backend,
                                     bool client_used_tls, WallTime now);

}  // namespace limpet::affinity
