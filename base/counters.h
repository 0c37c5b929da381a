// Counters of a worker: written by its thread alone, read by any thread and summed there. One row a counter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/close_reason.h"
#include "base/tally.h"

namespace limpet {

enum class Counter : std::uint8_t {
  Connections,  // client connections accepted
  Requests,     // requests read, upgrades included
  SessionsOpened,
  SessionsEnded,
  BackendAttempts,
  BackendAttemptsFailed,
  BackendReused,  // requests sent over an idle backend connection
  AcceptPauses,   // accepting rested, out of descriptors or memory
  SentAway,       // sessions that were told to go with a Close
  CutShort,  // of those, and of all others: ended while a frame was under way or the answer was not awaited
  Publications,      // messages that were published; counted by control, once each
  PublishedSent,     // of those, what was put into sessions
  PublishedDropped,  // and what was not, because the client was too slow or left
  kCount,
};

[[nodiscard]] std::string_view word(Counter counter) noexcept;

inline constexpr std::size_t kCounterCount = static_cast<std::size_t>(Counter::kCount);

class Counters {
 public:
  // Owner's thread.
  void add(Counter counter, std::uint64_t amount = 1) noexcept {
    values_[static_cast<std::size_t>(counter)].add(amount);
  }
  void add_end(CloseReason reason) noexcept { ends_[static_cast<std::size_t>(reason)].add(); }

  // Any thread.
  [[nodiscard]] std::uint64_t get(Counter counter) const noexcept {
    return values_[static_cast<std::size_t>(counter)].get();
  }
  [[nodiscard]] std::uint64_t ends(CloseReason reason) const noexcept {
    return ends_[static_cast<std::size_t>(reason)].get();
  }

 private:
  Tallies<kCounterCount> values_;
  Tallies<kCloseReasonCount> ends_;
};

}  // namespace limpet
