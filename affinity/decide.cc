#include "affinity/decide.h"

#include <array>

#include "affinity/balance.h"
#include "affinity/explain.h"

namespace limpet::affinity {

namespace {

using backends::Backend;
using backends::Visitor;

// One source that may know the client's backend already.
struct Source {
  std::string_view step;
  bool says_something = false;
  const Backend* backend = nullptr;  // what it names; null also when that backend is gone
  Visitor visitor = Visitor::New;
  PinReason reason = PinReason::Balance;
  Ground ground = Ground::NoBackend;
};

// Sources in the order in which they count.
using Sources = std::array<Source, 3>;

PinReason balance_word(const settings::Affinity& rule) noexcept {
  return rule.balance == settings::Balance::Hash ? PinReason::Hash : PinReason::Balance;
}

// Here and below: a pin with backend 0 is no pin.
Source by_hand_source(const PoolView& pool, const Pin& pin) noexcept {
  return {.step = "by_hand",
          .says_something = pin.by_hand,
          .backend = pin.by_hand ? pool.backends.by_id(pin.backend) : nullptr,
          .visitor = Visitor::Pinned,
          .reason = PinReason::Moved,
          .ground = Ground::ByHand};
}

// A cookie does not say how long ago its client was there: only the pin can tell that it is mid-session.
Source cookie_source(const PoolView& pool, const Identity& identity, const Pin& pin) noexcept {
  const Backend* const backend =
      identity.cookie_backend ? pool.backends.by_name_hash(*identity.cookie_backend) : nullptr;
  const bool pin_agrees = backend != nullptr && backend->id == pin.backend;
  return {.step = "cookie",
          .says_something = identity.cookie_backend.has_value(),
          .backend = backend,
          .visitor = pin_agrees && pin.mid_session ? Visitor::Pinned : Visitor::New,
          .reason = pin_agrees ? pin.reason : balance_word(pool.rule),
          .ground = Ground::Cookie};
}

Source pin_source(const PoolView& pool, const Pin& pin) noexcept {
  const bool is_set = pin.backend != 0 && !pin.by_hand;
  return {.step = "pin",
          .says_something = is_set,
          .backend = is_set ? pool.backends.by_id(pin.backend) : nullptr,
          .visitor = pin.mid_session ? Visitor::Pinned : Visitor::New,
          .reason = pin.reason,
          .ground = Ground::Pin};
}

void note(const Attempts& attempts, std::string_view step, const Backend* backend, std::string_view verdict) {
  if (attempts.trace != nullptr) {
    attempts.trace->push_back({.step = std::string(step),
                               .backend = backend != nullptr ? backend->spec.name : std::string(),
                               .verdict = std::string(verdict)});
  }
}

// Empty when the backend of the source can take the request.
std::string_view why_not_followed(const Source& source, const Attempts& attempts) noexcept {
  if (!source.says_something) {
    return "none";
  }
  if (source.backend == nullptr) {
    return "gone";
  }
  return why_refused(*source.backend, source.visitor, attempts.tried);
}

struct Search {
  const Source* usable = nullptr;   // the first source whose backend can take the request
  bool something_was_lost = false;  // before it, a source named a backend that cannot
  bool may_come_back = false;       // and such a backend is not gone for good
};

Search search(const Sources& sources, const Attempts& attempts) {
  Search result;
  for (const Source& source : sources) {
    const std::string_view refusal = why_not_followed(source, attempts);
    note(attempts, source.step, source.backend, refusal.empty() ? "taken" : refusal);
    if (refusal.empty()) {
      result.usable = &source;
      return result;
    }
    result.something_was_lost = result.something_was_lost || source.says_something;
    result.may_come_back = result.may_come_back || source.backend != nullptr;
  }
  return result;
}

bool needs_cookie(const PoolView& pool, const Identity& identity, const Backend& backend) noexcept {
  const bool by_cookie = pool.rule.by == settings::AffinityBy::Cookie && pool.codec != nullptr;
  return by_cookie && (identity.cookie_backend != backend.name_hash || identity.cookie_is_aging);
}

Ground ground_of(PinReason reason) noexcept {
  switch (reason) {
    case PinReason::Hash:
      return Ground::Hash;
    case PinReason::Overflow:
      return Ground::Overflow;
    case PinReason::Failover:
      return Ground::Failover;
    case PinReason::Balance:
    case PinReason::Moved:
      break;
  }
  return Ground::Balance;
}

Choice place_new_client(const PoolView& pool, const Identity& identity, const Request& request,
                        const Attempts& attempts) {
  const NewClient client{.set = pool.backends,
                         .key_hash = identity.key ? identity.key->hash : request.random,
                         .load_factor = pool.rule.load_factor,
                         .tried = attempts.tried,
                         .minds_share = pool.has_slow_start};
  const Choice choice = balance(client, pool.rule.balance);
  if (attempts.trace != nullptr) {
    const bool by_hash = pool.rule.balance == settings::Balance::Hash;
    (by_hash ? explain_hash : explain_load)(client, choice, *attempts.trace);
  }
  return choice;
}

constexpr std::array<std::string_view, kGroundCount> kGroundWords{
    "by_hand", "cookie", "pin", "balance", "hash", "overflow", "failover", "no_backend", "strict"};

}  // namespace

std::string_view word(Ground ground) noexcept {
  return kGroundWords[static_cast<std::size_t>(ground)];
}

Decision decide(const PoolView& pool, const Identity& identity, const Request& request,
                const AffinityTable& table, const Attempts& attempts) {
  Pin pin;
  if (identity.key) {
    pin = table.find(pool.id, *identity.key, request.now).value_or(Pin{});
  }
  const Sources sources{by_hand_source(pool, pin), cookie_source(pool, identity, pin), pin_source(pool, pin)};
  const Search known = search(sources, attempts);

  Decision decision;
  decision.pin_seen = pin.backend;
  decision.pin_agreed = pin.agreed;
  if (known.usable != nullptr) {
    decision.backend = known.usable->backend;
    decision.was_pinned = true;
    decision.ground = known.usable->ground;
    const bool is_in_table = decision.backend->id == pin.backend;
    decision.by_hand = is_in_table && pin.by_hand;
    decision.reason = known.something_was_lost && !is_in_table ? PinReason::Failover : known.usable->reason;
  } else if (pool.rule.strict && known.may_come_back) {
    note(attempts, "strict", nullptr, "the client may not be moved");
    decision.outcome = Outcome::StrictPin;
    decision.ground = Ground::Strict;
    return decision;
  } else {
    const Choice choice = place_new_client(pool, identity, request, attempts);
    decision.backend = choice.backend;
    const bool moves_on = known.something_was_lost || !attempts.tried.empty();
    decision.reason = moves_on ? PinReason::Failover : choice.reason;
    decision.ground = choice.backend != nullptr ? ground_of(decision.reason) : Ground::NoBackend;
  }
  if (decision.backend != nullptr) {
    decision.outcome = Outcome::Chosen;
    decision.set_cookie = needs_cookie(pool, identity, *decision.backend);
  }
  return decision;
}

}  // namespace limpet::affinity
