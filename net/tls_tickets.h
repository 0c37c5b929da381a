// TlsTickets: the keys that seal session tickets (RFC 5077 4), shared by all workers and listeners, so that a
// client may resume on any of them. A key seals for an hour and opens for two more; then what it has sealed
// is of no use to anybody. Keys are in memory alone. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace limpet::net {

struct TlsTicketKey {
  static constexpr std::size_t kNameBytes = 16;
  static constexpr std::size_t kSecretBytes = 32;

  std::array<std::uint8_t, kNameBytes> name{};  // stands in the ticket
  std::array<std::uint8_t, kSecretBytes> cipher{};
  std::array<std::uint8_t, kSecretBytes> mac{};
};

class TlsTickets {
 public:
  static constexpr Duration kSealsFor = std::chrono::hours(1);
  static constexpr std::size_t kKept = 3;  // the newest seals, all open

  explicit TlsTickets(Instant now);
  ~TlsTickets();
  TlsTickets(const TlsTickets&) = delete;
  TlsTickets& operator=(const TlsTickets&) = delete;

  // The keys and how long the newest one seals, for a process that is to open what this one has sealed.
  [[nodiscard]] std::string save(Instant now);
  // In place of those there are. False, and nothing has changed, when these are not from save().
  [[nodiscard]] bool restore(std::string_view saved, Instant now);

  // The key for a new ticket; a fresh one when the newest has had its time.
  [[nodiscard]] TlsTicketKey sealing(Instant now);

  struct Opening {
    TlsTicketKey key;
    bool is_newest = false;  // else the client should get another ticket
  };
  // None when the key is gone, or was never ours.
  [[nodiscard]] std::optional<Opening> opening(const std::array<std::uint8_t, TlsTicketKey::kNameBytes>& name,
                                               Instant now);

 private:
  // Brings the keys up to `now`. Requires the lock.
  void rotate(Instant now);

  // Taken once in a handshake that sends or shows a ticket, to copy eighty bytes: a handshake takes a
  // thousand times as long.
  std::mutex lock_;
  std::array<TlsTicketKey, kKept> keys_;  // newest first
  Instant next_;                          // when the newest stops sealing
};

}  // namespace limpet::net
