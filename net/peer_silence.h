// Whether a peer has vanished without a word: a cable that was pulled, a host that lost its power, a route
// that is gone. TCP_USER_TIMEOUT, made for this, also cuts a peer that is there and merely does not read: in
// Linux its time runs while the window is closed, whatever the peer acknowledges (tcp_probe_timer; measured:
// 11 s after the window closed with 10 s set). So limpet looks itself. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace limpet::net {

// What the system tells of a connection on which something was sent and not acknowledged (tcp_info).
struct SentState {
  std::uint32_t in_flight = 0;    // segments; 0 = all that waits is kept back by a closed window
  std::uint32_t retransmits = 0;  // of the oldest of them, in a row
  std::uint32_t probes = 0;       // of the closed window, not answered, in a row
  Duration since_acknowledged{};  // since anything was heard from the peer's TCP
  Duration since_sent{};          // since data was sent last, again or for the first time
};

// How long nothing has come from a peer that ought to have acknowledged something; none while it owes
// nothing. To be asked again for as long as one is willing to wait: an answer may be on its way.
[[nodiscard]] inline std::optional<Duration> unanswered_for(const SentState& sent) noexcept {
  // A live peer answers a probe at once, so there is never more than one on its way; two may be lost.
  constexpr std::uint32_t kTooManyProbes = 3;
  // A peer that has not room for what it is sent may leave it unacknowledged and says so, after each time.
  const bool is_owed = sent.in_flight > 0 ? sent.retransmits > 0 && sent.since_acknowledged > sent.since_sent
                                          : sent.probes >= kTooManyProbes;
  return is_owed ? std::optional(sent.since_acknowledged) : std::nullopt;
}

}  // namespace limpet::net
