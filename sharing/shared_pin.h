// SharedPin: a pin as all nodes know it: by the names of things, for numbers are a node's own. What stands in
// the store under a key, and what nodes tell each other of a change. Pure. Any thread.
//
//   key     {PREFIX}:pin:KIND:POOL:TEXT           in braces: all keys of a prefix are in one slot of a
//   cluster value   1|REASON|HAND|BACKEND                 HAND 1: set by an operator change
//   1|set|KIND|POOL|VALUE|TEXT            or 1|forget|KIND|POOL||TEXT
//
// POOL, and the VALUE in a change, are percent-encoded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "affinity/key.h"
#include "affinity/table.h"

namespace limpet::sharing {

// Longest name of a pool or backend that is believed.
inline constexpr std::size_t kMaxNameBytes = 512;

struct SharedPin {
  std::string backend;
  affinity::PinReason reason = affinity::PinReason::Balance;
  bool by_hand = false;

  friend bool operator==(const SharedPin&, const SharedPin&) = default;
};

[[nodiscard]] std::string write_value(const SharedPin& pin);
// None for anything that write_value() does not write.
[[nodiscard]] std::optional<SharedPin> read_value(std::string_view value);

[[nodiscard]] std::string write_key(std::string_view prefix, std::string_view pool, const affinity::Key& key);

struct PinChange {
  std::string pool;
  affinity::Key key;
  std::optional<SharedPin> pin;  // none: it was forgotten
};

[[nodiscard]] std::string write_change(const PinChange& change);
[[nodiscard]] std::optional<PinChange> read_change(std::string_view text);

}  // namespace limpet::sharing
