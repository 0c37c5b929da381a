// From the table of one process to that of another: PinDump writes all pins as pin_records.h says, slice by
// slice; PinRestore takes them into a table. Pure but for the table. Control thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "affinity/decide.h"
#include "affinity/pin_records.h"
#include "affinity/table.h"

namespace limpet::affinity {

class PinDump {
 public:
  // A step looks at so many entries at most: about half a millisecond.
  static constexpr std::size_t kPinsAStep = 2000;

  // `stamp` is of the moment `now`. With `touched_since` are left out those that
  // no session or request has opened or left since then.
  PinDump(const AffinityTable& table, PinStamp stamp, Instant now,
          std::optional<Instant> touched_since = std::nullopt);

  // The next bytes; empty is no end. `pools` may be other ones at each step. A pin whose pool or backend is
  // not there is left out. Requires that done() was not true.
  [[nodiscard]] std::string step(std::span<const PoolView> pools);
  [[nodiscard]] bool done() const noexcept { return done_; }
  [[nodiscard]] std::uint64_t pins() const noexcept { return pins_; }

 private:
  void write(const PinView& view, std::span<const PoolView> pools, std::string& out);
  [[nodiscard]] std::optional<std::uint32_t> target_of(PoolId pool, backends::BackendId backend,
                                                       std::span<const PoolView> pools);

  const AffinityTable& table_;
  PinStamp stamp_;
  Instant now_;
  std::optional<Instant> touched_since_;
  PinWriter writer_;
  std::unordered_map<std::uint64_t, std::optional<std::uint32_t>> targets_;  // by pool and backend
  std::uint64_t cursor_ = 0;
  std::uint64_t pins_ = 0;
  bool begun_ = false;
  bool done_ = false;
};

class PinRestore {
 public:
  struct Counts {
    std::uint64_t restored = 0;
    std::uint64_t dropped = 0;  // their pool or backend is not there any more
    std::uint64_t expired = 0;  // or the key has a pin here already
  };

  // `pools` and `table` outlive it. `stamp` is of the moment `now`.
  PinRestore(AffinityTable& table, std::span<const PoolView> pools, PinStamp stamp, Instant now);

  // Requires that the reader has just answered Step::Pin.
  void take(const PinReader& reader);
  [[nodiscard]] const Counts& counts() const noexcept { return counts_; }

 private:
  struct Place {
    PoolId pool = 0;
    backends::BackendId backend = 0;  // 0 = not there
  };
  [[nodiscard]] Place place_of(const PinTarget& target) const noexcept;

  AffinityTable& table_;
  std::span<const PoolView> pools_;
  PinStamp stamp_;
  Instant now_;
  std::vector<Place> places_;  // by number of the target
  Counts counts_;
};

}  // namespace limpet::affinity
