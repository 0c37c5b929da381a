// Ejection: whether the failures that real traffic meets at a backend keep clients away from it for a while.
// A success is no pardon, it is what the failures are compared with: below a tenth of what a backend was
// asked they are an application's own bad days. Pure. One thread.
//
//   Watched --enough failures within the window--> Ejected --time is over--> OnTrial --a window without-->
//   Watched
//                                                     ^                         |       a failure
//                                                     '------one failure--------'  for twice the time
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "settings/settings.h"

namespace limpet::healthcheck {

// What a backend's counters say since start.
struct Traffic {
  std::uint64_t failures = 0;
  std::uint64_t requests = 0;
};

// Of the last stretch of time, in slices of a tenth of it.
class RecentTraffic {
 public:
  void add(const Traffic& more, Instant now, Duration window) noexcept;
  [[nodiscard]] Traffic within(Duration window, Instant now) const noexcept;
  void clear() noexcept { slices_ = {}; }

 private:
  static constexpr std::size_t kSlices = 10;
  struct Slice {
    Instant begin;  // of nothing in a slice without a count
    Traffic seen;
  };

  // One more than there are in a window: the oldest may reach into it.
  std::array<Slice, kSlices + 1> slices_{};
  std::size_t newest_ = 0;
};

class Ejection {
 public:
  // An ejection that follows another takes twice its time, up to so many times `eject`.
  static constexpr int kMostTimes = 10;

  enum class Change : std::uint8_t { None, Ejected, Returned };

  struct Look {
    Instant now;
    Traffic seen;
    bool may_eject = false;  // the pool can spare it
    bool is_needed = false;  // nobody else of the pool takes clients: it is called back
  };

  // To be asked again and again; `rule` may be another each time, 0 failures turn it off.
  [[nodiscard]] Change look(const settings::Passive& rule, const Look& look) noexcept;
  // As at the begin, with what was seen until now not counting.
  void reset(const Traffic& seen) noexcept;

  // None unless ejected.
  [[nodiscard]] std::optional<Instant> until() const noexcept;
  // What led to the last ejection.
  [[nodiscard]] std::uint64_t failures() const noexcept { return failures_; }

 private:
  enum class State : std::uint8_t { Watched, Ejected, OnTrial };

  void eject(const settings::Passive& rule, Instant now) noexcept;
  void release(const settings::Passive& rule, Instant now) noexcept;
  [[nodiscard]] bool has_failed(const settings::Passive& rule, Instant now) noexcept;

  State state_ = State::Watched;
  Traffic before_;  // at the last look
  RecentTraffic recent_;
  Instant until_;  // the end of Ejected or of OnTrial
  int times_ = 1;  // of `eject` that the next ejection takes
  std::uint64_t failures_ = 0;
};

// How many of a pool take new clients, and how many are ejected.
struct PoolTally {
  std::uint32_t eligible = 0;
  std::uint32_t ejected = 0;

  // At least one stays, and never more than half of those that would take clients are ejected: where most of
  // a pool fails, or is merely slow, sending all its clients to the rest would finish that too.
  [[nodiscard]] bool can_spare_one() const noexcept {
    return eligible >= 2 && 2 * (ejected + 1) <= eligible + ejected;
  }
};

}  // namespace limpet::healthcheck
