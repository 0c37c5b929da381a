// DrainPacer: how many sessions may be sent away now, so that the backends that stay take the returning
// clients in as they come: a token bucket with a small burst, slowed down while those backends show distress,
// and raised where everybody has to be told by a certain time. Owned by what drains. Pure; time is an
// argument. One thread.
//
//   pace   share of the rate: 1 -> 1/2 -> 1/4 ... 1/64 while there is distress, + 1/8 for every calm second
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/clock.h"

namespace limpet::backends {

// Sums over the backends that could take returning clients, since the start of the process each.
struct SurvivorReading {
  std::size_t survivors = 0;
  std::uint64_t set = 0;           // another number when they are others
  std::uint64_t handshakes = 0;    // WebSocket handshakes that they have accepted
  std::uint64_t handshake_us = 0;  // from the request sent to the 101, of all those
  std::uint64_t failures = 0;      // attempts that failed
};

class DrainPacer {
 public:
  // What passes at once where nothing was taken for a while. As much as a control thread that is late by this
  // does not lose, and a hundredth of what is measured over 20 s.
  static constexpr Duration kBurst = std::chrono::milliseconds(200);
  // A judgement over less would be one over noise; over more it would come late.
  static constexpr Duration kWindow = std::chrono::seconds(1);
  // Below this nobody notices how long a handshake takes, however much shorter it was before.
  static constexpr std::uint64_t kUnnoticedUs = 50'000;
  // The mean time to the 101 rises by a factor of two or three with any crowd that returns: more is a queue.
  static constexpr std::uint64_t kDistressFactor = 4;
  // A few failed attempts happen anywhere; a tenth of all means that somebody refuses.
  static constexpr std::uint64_t kFewFailures = 3;
  static constexpr std::uint64_t kFailureShare = 10;  // one in so many
  // Fewer handshakes say nothing about the mean.
  static constexpr std::uint64_t kFewHandshakes = 3;
  // The slowest pace: distress that has another cause must not stop a drain for good.
  static constexpr double kSlowestPace = 1.0 / 64;
  static constexpr double kRecovery = 1.0 / 8;
  // The usual time follows what is seen by one part in so many a window: soon while all is calm, within
  // minutes in distress, for what stays slow that long is how these backends are.
  static constexpr std::uint64_t kCalmShare = 16;
  static constexpr std::uint64_t kDistressShare = 256;

  // `per_second` 0 = no limit.
  DrainPacer(double per_second, Instant now) noexcept;

  // From now on.
  void set_rate(double per_second) noexcept { per_second_ = per_second; }
  // Call before take(). A set of survivors that changes begins a new window.
  void note(const SurvivorReading& reading, Instant now) noexcept;

  // Sessions that all have to be told by a time.
  struct Due {
    std::size_t waiting = 0;
    Instant until;
  };
  // How many may be told now, at most `waiting`: that is all of them, those of `dues` included. What is due
  // is spread evenly over the time that is left, and all of it passes when the time has come.
  [[nodiscard]] std::size_t take(std::size_t waiting, std::span<const Due> dues, Instant now) noexcept;
  // So many of what was taken were not told: they were gone already.
  void give_back(std::size_t count) noexcept;

  // A second, distress included, what is due left out; 0 = no limit.
  [[nodiscard]] double rate_now() const noexcept { return per_second_ * pace_; }
  [[nodiscard]] bool is_slowed() const noexcept { return pace_ < 1; }

 private:
  void judge(const SurvivorReading& now) noexcept;
  [[nodiscard]] bool shows_distress(std::uint64_t handshakes, std::uint64_t mean_us,
                                    std::uint64_t failures) const noexcept;
  [[nodiscard]] double most_tokens(double per_second) const noexcept;

  double per_second_;
  double pace_ = 1;
  double tokens_ = 1;  // the first one need not wait
  Instant filled_;
  std::optional<SurvivorReading> window_begin_;  // none before the first reading
  Instant window_began_;
  std::uint64_t usual_us_ = 0;  // mean time to the 101 while there is no distress; 0 = not known
};

}  // namespace limpet::backends
