// ClientLedger: how many sessions each client has and how fast it begins them, for limits by client address.
// Sharded locks held for a few instructions, never across a call out; touched when a WebSocket handshake
// begins and when its session ends. Time is an argument. Any thread.
//
// An entry lives while its client has a session or owes for handshakes of a moment ago:
//
//                    admit                      leave, nothing owed
//     (no entry) ------------> sessions > 0 ------------------------> (no entry)
//                                |      ^
//          leave, something owed |      | admit
//                                v      |
//                                 idle ------> (no entry)   paid off, or too many idle ones: the oldest goes
//
// Memory is bounded by the sessions there are, each of which costs far more than its entry, and by a fixed
// number of idle entries. So an entry with sessions is never dropped and every session is counted down
// exactly once, and no client is ever refused because others filled the ledger. What a flood of addresses can
// do is to have idle entries forgotten early: their clients get a fresh burst, which a flood of that many
// addresses has anyway.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/clock.h"

namespace limpet::proxy {

// Who counts as one client, in 64 bits: an IPv4 address (mapped or not), or the /64 network of an IPv6 one,
// because whoever has one address of a /64 has them all.
enum class ClientId : std::uint64_t {};
[[nodiscard]] ClientId client_id(const IpAddress& address) noexcept;

struct ClientLimits {
  std::uint32_t sessions = 0;    // at a time; 0 = no limit
  std::uint32_t handshakes = 0;  // in each `per`, and as many at once after a pause; 0 = no limit
  Duration per{};                // at most a day counts

  [[nodiscard]] bool any() const noexcept { return sessions != 0 || handshakes != 0; }
};

enum class Admission : std::uint8_t { Admitted, TooManySessions, TooFast };

class ClientLedger {
 public:
  // Room for so many clients that have left and still owe; spread over the shards.
  static constexpr std::size_t kDefaultMaxIdle = std::size_t{64} * 1024;

  explicit ClientLedger(std::size_t max_idle = kDefaultMaxIdle);
  ~ClientLedger();
  ClientLedger(const ClientLedger&) = delete;
  ClientLedger& operator=(const ClientLedger&) = delete;

  struct Answer {
    Admission admission = Admission::Admitted;
    std::uint32_t retry_after_s = 0;  // with TooFast: when the next handshake is let in; at least 1
  };
  // A handshake of a client begins. Admitted: it counts as a session until leave(). A refused one is not
  // charged. The limits are those of this call: a reload needs no more than to pass others, and what a client
  // owed under the old ones never keeps it out for much longer than `per` of the new ones. `now` may lag
  // behind that of another thread. Where no limit is set there is nothing to ask: sessions of that time are
  // not counted.
  [[nodiscard]] Answer admit(ClientId client, const ClientLimits& limits, Instant now);
  // The other end of an admit() that answered Admitted; exactly once.
  void leave(ClientId client, Instant now);

  // Clients that are known now.
  [[nodiscard]] std::size_t size() const;

 private:
  struct Shard;

  [[nodiscard]] Shard& shard_of(ClientId client) const noexcept;

  // Of this process: clients with a choice of addresses must not be able to choose where in the ledger they
  // land.
  std::uint64_t seed_;
  std::vector<std::unique_ptr<Shard>> shards_;  // a power of two
};

// One admitted session of a client: leaves at its end. The ledger and the clock outlive it.
class ClientSeat {
 public:
  ClientSeat() = default;
  // Requires an admit() that answered Admitted, of which no other seat knows.
  ClientSeat(ClientLedger& ledger, const Clock& clock, ClientId client) noexcept
      : ledger_(&ledger), clock_(&clock), client_(client) {}
  ~ClientSeat() { end(); }
  ClientSeat(ClientSeat&& other) noexcept
      : ledger_(std::exchange(other.ledger_, nullptr)), clock_(other.clock_), client_(other.client_) {}
  ClientSeat& operator=(ClientSeat&& other) noexcept {
    if (this != &other) {
      end();
      ledger_ = std::exchange(other.ledger_, nullptr);
      clock_ = other.clock_;
      client_ = other.client_;
    }
    return *this;
  }

  void end() {
    if (ledger_ != nullptr) {
      std::exchange(ledger_, nullptr)->leave(client_, clock_->now());
    }
  }
  [[nodiscard]] bool is_held() const noexcept { return ledger_ != nullptr; }

 private:
  ClientLedger* ledger_ = nullptr;  // null = nothing is held
  const Clock* clock_ = nullptr;
  ClientId client_{};
};

// Every session holds one.
static_assert(sizeof(ClientSeat) <= 24);

}  // namespace limpet::proxy
