// Balance: where a client without a backend of its own goes. Two policies, each two or three passes over the
// set, without allocation: below 5 us with 1000 backends however many are down or full (bench/pick_bench.cc).
// Pure. Any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "affinity/table.h"
#include "backends/backend_set.h"
#include "backends/eligibility.h"
#include "settings/settings.h"

namespace limpet::affinity {

struct NewClient {
  const backends::BackendSet& set;
  std::uint64_t key_hash = 0;  // begins the walk; a random number for clients without a key
  double load_factor = 0;      // 0 = no load bound
  std::span<const backends::BackendId> tried;
  bool minds_share = false;  // BackendState::share counts: asked for where the pool has a slow start
};

struct Choice {
  const backends::Backend* backend = nullptr;  // null: nobody is eligible and untried
  PinReason reason = PinReason::Balance;
};

// The first of the walk that is below its load bound; the first at all when none is. Overflow: it was not the
// first.
[[nodiscard]] Choice balance_by_hash(const NewClient& client) noexcept;
// The one with the smallest load for its weight; the walk decides between equals. Needs no load bound: the
// least loaded is always below it.
[[nodiscard]] Choice balance_by_load(const NewClient& client) noexcept;

// By the one or the other, as the rule of a pool says.
[[nodiscard]] Choice balance(const NewClient& client, settings::Balance how) noexcept;

// Why a backend cannot take a request, for a person; empty when it can.
[[nodiscard]] std::string_view why_refused(const backends::Backend& backend, backends::Visitor visitor,
                                           std::span<const backends::BackendId> tried) noexcept;

}  // namespace limpet::affinity
