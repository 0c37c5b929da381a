// Forecast: who would go where if a backend of a pool were taken out, or one more were put in. The live pins
// of the pool are gone through once, in bounded steps, and placed as decide() places clients without a
// backend of their own, on a copy of the backends whose loads follow: the real ones notice nothing. Pure but
// for the table, which is only read, a slice at a time. One thread.
//
//   taken out   the clients that are pinned there move with their next request
//   put in      nobody moves: pins hold. Told is who would be there once each client had come back without a
//               pin (it has expired, or was forgotten)
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "affinity/balance.h"
#include "affinity/decide.h"
#include "affinity/table.h"
#include "base/clock.h"

namespace limpet::affinity {

struct PoolChange {
  std::string without{};  // name of a backend of the pool; empty = nobody is taken out
  std::string with{};     // name of one that is not there; empty = nobody is put in
  std::uint32_t weight = 1;
};

class Forecast {
 public:
  struct Move {
    std::string from;
    std::string to;  // empty: nobody would take them
    bool at_once = false;
    std::uint64_t keys = 0;
    std::uint64_t sessions = 0;  // and requests under way
  };

  // Copies what it needs of the pool.
  Forecast(const PoolView& pool, PoolChange change);

  // Looks at a bounded number of pins, so few that they are placed in half a millisecond. True when all have
  // been seen.
  [[nodiscard]] bool step(const AffinityTable& table, Instant now);

  [[nodiscard]] const PoolChange& change() const noexcept { return change_; }
  [[nodiscard]] const std::string& pool() const noexcept { return name_; }
  // Live pins of the pool, and their sessions.
  [[nodiscard]] std::uint64_t keys() const noexcept { return keys_; }
  [[nodiscard]] std::uint64_t sessions() const noexcept { return sessions_; }
  // By from and to, without those that nobody makes.
  [[nodiscard]] std::vector<Move> moves() const;

 private:
  struct Count {
    std::uint64_t keys = 0;
    std::uint64_t sessions = 0;
  };

  void look_at(const PinView& pin);
  [[nodiscard]] const backends::Backend* place(const PinView& pin) const;
  void note(const PinView& pin, const backends::Backend* to);

  PoolChange change_;
  std::string name_;
  PoolId id_;
  settings::Balance balance_;
  double load_factor_;
  bool minds_share_;
  backends::BackendId without_ = 0;
  backends::BackendSet after_;                        // with states of its own
  std::map<backends::BackendId, std::string> names_;  // of those that are there now
  std::size_t pins_a_step_;
  std::uint64_t cursor_ = 0;
  std::uint64_t keys_ = 0;
  std::uint64_t sessions_ = 0;
  std::map<std::pair<backends::BackendId, backends::BackendId>, Count> counts_;  // from, to; 0 = nobody
};

}  // namespace limpet::affinity
