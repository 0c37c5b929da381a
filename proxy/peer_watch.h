// PeerWatch: ends the sessions of peers that have vanished without a FIN or a reset: data was sent to them
// and nothing of it was acknowledged for kBound, in spite of being sent again. A peer that does not read, for
// as long as it likes, acknowledges that it is there. Every session that was in use lately is looked at once
// in kRound, a slice at a time, so that no worker stalls; idle ones are left to keep-alive probes of the
// system. Owned by a Worker. Worker.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "base/clock.h"
#include "net/deadlines.h"
#include "net/stream.h"
#include "proxy/context.h"

namespace limpet::proxy {

class Tunnel;

class PeerWatch final : public net::DeadlineOwner {
 public:
  static constexpr Duration kBound{7'000};  // with two rounds and a first retransmission: within 10 s
  static constexpr Duration kRound{1'000};

  explicit PeerWatch(Context& context) noexcept : context_(context) {}

  void start();
  void on_deadline() override;

 private:
  static constexpr Duration kEvery{100};
  static constexpr std::size_t kSlices = kRound / kEvery;

  // Since when a peer owes an answer.
  struct Debt {
    Instant since;
    std::uint32_t round = 0;  // in which it was seen last
  };

  void look_at(Tunnel& tunnel, Instant now);
  [[nodiscard]] bool owes(std::uint64_t number) const { return debts_.find(number) != debts_.end(); }
  [[nodiscard]] bool is_lost(net::Stream& peer, std::uint64_t number, Instant now);
  void end_round();

  Context& context_;
  net::Deadline deadline_{*this};
  std::size_t slice_ = 0;
  std::uint32_t round_ = 0;
  std::unordered_map<std::uint64_t, Debt> debts_;  // by twice the session's id, and one more for its backend
};

}  // namespace limpet::proxy
