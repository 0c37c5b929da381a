// Traffic: what one worker has seen pass between clients and one backend. TrafficByWorker: that of all
// workers, each written by its own and read by any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/close_reason.h"
#include "base/frame_tally.h"
#include "base/tally.h"

namespace limpet::backends {

// What came from one side of the sessions.
struct Flow {
  explicit Flow(SizeTally& sizes) noexcept : frames(sizes) {}

  FrameTally frames;
  Tally bytes;  // as they came: headers and control frames too
};

// How WebSocket handshakes ended.
struct HandshakeTally {
  static constexpr std::size_t kClasses = 10;  // of status codes: 0xx to 9xx

  Tally opened;                       // a valid 101
  Tallies<kClasses> refused;          // answered by the backend with another status
  Tallies<kCloseReasonCount> failed;  // all others, by why

  void note_refusal(int status) noexcept {
    constexpr int kClass = 100;
    refused[static_cast<std::size_t>(status / kClass) % kClasses].add();
  }
  void note_failure(CloseReason reason) noexcept { failed[static_cast<std::size_t>(reason)].add(); }
  void add(const HandshakeTally& more) noexcept {
    opened.add(more.opened);
    limpet::add(refused, more.refused);
    limpet::add(failed, more.failed);
  }
};

// What a message touches stands first.
struct alignas(64) Traffic {
  // Messages of all backends of a pool are counted by size together.
  struct Pool {
    std::uint16_t number;
    SizeTally& from_client;
    SizeTally& from_backend;
  };
  explicit Traffic(const Pool& of) noexcept
      : from_client(of.from_client), from_backend(of.from_backend), pool(of.number) {}

  Flow from_client;
  Flow from_backend;
  Tally opened;                      // sessions
  Tallies<kCloseReasonCount> ended;  // sessions, by why
  HandshakeTally handshakes;         // each attempt with this backend is one
  std::uint16_t pool;                // number of the pool of the backend
};

class TrafficByWorker {
 public:
  explicit TrafficByWorker(std::size_t workers) : slots_(workers) {}

  // That of worker number `worker`, for its thread alone; made when it is first asked for. Requires that
  // there are so many. What `pool` refers to outlives every write.
  [[nodiscard]] Traffic& of(std::size_t worker, const Traffic::Pool& pool) {
    Slot& slot = slots_[worker];
    if (slot.own == nullptr) {
      slot.own = std::make_unique<Traffic>(pool);
      slot.shown.store(slot.own.get(), std::memory_order_release);  // whoever finds it finds it complete
    }
    return *slot.own;
  }

  // The same, where it was made before.
  [[nodiscard]] Traffic& made(std::size_t worker) noexcept { return *slots_[worker].own; }

  // Any thread.
  template <typename Visit>
  void for_each(const Visit& visit) const {
    for (const Slot& slot : slots_) {
      if (const Traffic* const traffic = slot.shown.load(std::memory_order_acquire)) {
        visit(*traffic);
      }
    }
  }

 private:
  struct Slot {
    std::unique_ptr<Traffic> own;  // touched by the worker alone
    std::atomic<const Traffic*> shown{nullptr};
  };

  std::vector<Slot> slots_;
};

}  // namespace limpet::backends
