#include "proxy/peer_watch.h"

#include "proxy/tunnel.h"

namespace limpet::proxy {

namespace {

// A session is idle when nothing was sent for longer than a peer may take to acknowledge it.
constexpr Duration kInUse = PeerWatch::kBound + 4 * PeerWatch::kRound;
// The first time that the backend of a session is looked at after this, its connection is kept alive: most
// are over by then, and have not paid for it.
constexpr Duration kSettled{10'000};

}  // namespace

void PeerWatch::start() {
  context_.loop.deadlines().arm(deadline_, context_.loop.now() + kEvery);
}

void PeerWatch::on_deadline() {
  const Instant now = context_.loop.now();
  const std::size_t slots = context_.sessions.slots();
  const std::size_t end = slots * (slice_ + 1) / kSlices;
  for (std::size_t slot = slots * slice_ / kSlices; slot < end; ++slot) {
    if (Tunnel* const tunnel = context_.sessions.at(slot)) {
      look_at(*tunnel, now);
    }
  }
  if (++slice_ == kSlices) {
    end_round();
  }
  start();
}

void PeerWatch::look_at(Tunnel& tunnel, Instant now) {
  if (tunnel.is_leaving()) {
    return;  // its grace bounds it, and the end that is there is still to be told
  }
  const Duration age = now - tunnel.opened();
  if (age >= kSettled && age < kSettled + 2 * kRound) {
    tunnel.backend_stream().keep_alive();
  }
  const bool is_idle = now - tunnel.last_activity() > kInUse && !tunnel.holds_bytes();
  const std::uint64_t number = 2 * tunnel.id();
  if (is_idle && (debts_.empty() || (!owes(number) && !owes(number + 1)))) {
    return;
  }
  if (is_lost(tunnel.client_stream(), number, now)) {
    tunnel.end_lost(CloseReason::ClientLost);
  } else if (is_lost(tunnel.backend_stream(), number + 1, now)) {
    tunnel.end_lost(CloseReason::BackendLost);
  }
}

bool PeerWatch::is_lost(net::Stream& peer, std::uint64_t number, Instant now) {
  const std::optional<Duration> unanswered = peer.unanswered_for();
  if (!unanswered) {
    if (!debts_.empty()) {
      debts_.erase(number);
    }
    return false;
  }
  Debt& debt = debts_.try_emplace(number, Debt{.since = now}).first->second;
  debt.round = round_;
  if (now - debt.since > *unanswered) {
    debt.since = now;  // it has answered meanwhile, and owes anew
  }
  return now - debt.since >= kBound;
}

// What was not seen in this round nor in the one before is of a session that has ended.
void PeerWatch::end_round() {
  std::erase_if(debts_, [this](const auto& entry) { return round_ - entry.second.round > 1; });
  slice_ = 0;
  ++round_;
}

}  // namespace limpet::proxy
