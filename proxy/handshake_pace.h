// HandshakePace: how long the backends of each pool usually take to answer a WebSocket handshake, and how
// long it is worth waiting for one of them while another could be asked. A moving average of one worker: it
// follows a pool that as a whole becomes slower within some answers. Owned by the Context. Worker.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "affinity/table.h"
#include "base/clock.h"

namespace limpet::proxy {

class HandshakePace {
 public:
  // A client that nothing binds to a backend waits so many times the usual time.
  static constexpr std::int64_t kTimesUsual = 8;
  // But never shorter: a pause of a garbage collector, or a packet that is sent again, is no failure.
  static constexpr Duration kShortest{250};
  // Before so many answers nothing is usual.
  static constexpr std::int32_t kEnough = 8;

  void note(affinity::PoolId pool, std::chrono::microseconds took) {
    Usual& usual = of(pool);
    usual.seen = std::min(usual.seen + 1, kMemory);
    usual.micros += (took.count() - usual.micros) / usual.seen;
  }
  // Between kShortest and `longest`, which it is where too little is known.
  [[nodiscard]] Duration bound(affinity::PoolId pool, Duration longest) {
    const Usual& usual = of(pool);
    if (usual.seen < kEnough) {
      return longest;
    }
    constexpr std::int64_t kMicros = 1000;  // in a millisecond
    return std::min(std::max(Duration(kTimesUsual * usual.micros / kMicros), kShortest), longest);
  }

 private:
  static constexpr std::int32_t kMemory = 16;  // answers that the average remembers, roughly
  struct Usual {
    affinity::PoolId pool = 0;
    std::int64_t micros = 0;
    std::int32_t seen = 0;
  };

  [[nodiscard]] Usual& of(affinity::PoolId pool) {
    const auto found =
        std::find_if(pools_.begin(), pools_.end(), [pool](const Usual& each) { return each.pool == pool; });
    return found != pools_.end() ? *found : pools_.emplace_back(Usual{.pool = pool});
  }

  std::vector<Usual> pools_;  // a few; one that was taken away stays, its number is not used again
};

}  // namespace limpet::proxy
