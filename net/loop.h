// Loop: one libuv loop with what everything on it shares: the scratch buffer, the deadlines, the chunk pool
// and the place where closed objects wait for the end of the turn. Owned by a worker or by control; touched
// by its thread alone, except wake-ups, which go through a Mailbox.
#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/object_pool.h"
#include "net/chunk_pool.h"
#include "net/deadlines.h"

namespace limpet::net {

class Stream;

// What may be freed at the end of a turn of the loop.
class Disposable {
 public:
  virtual ~Disposable() = default;
};

class Loop {
 public:
  // Large messages are decided by this size: against 64 KiB, 16 KiB costs 2-3x and 256 KiB 0.4-0.7x.
  static constexpr std::size_t kScratchBytes = 256 * 1024;

  Loop();
  ~Loop();  // closes what is still open and runs the loop until it is gone
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Returns after stop(), when the turn under way has ended.
  void run();
  void stop() noexcept;

  // Time as of the begin of this turn.
  [[nodiscard]] Instant now() const noexcept { return Instant(Duration(uv_now(&loop_))); }
  [[nodiscard]] Deadlines& deadlines() noexcept { return deadlines_; }
  [[nodiscard]] ChunkPool& chunks() noexcept { return chunks_; }
  // For one read and what is done with it; never held over a return to the loop.
  [[nodiscard]] std::span<std::uint8_t> scratch() noexcept { return {scratch_.get(), kScratchBytes}; }

  // Frees `object` when no callback is on the stack any more.
  void bury(std::unique_ptr<Disposable> object) { buried_.push_back(std::move(object)); }

  [[nodiscard]] uv_loop_t* native() noexcept { return &loop_; }
  [[nodiscard]] ObjectPool<Stream>& streams() noexcept { return *streams_; }

 private:
  void free_buried();

  mutable uv_loop_t loop_{};
  uv_timer_t tick_{};
  uv_check_t end_of_turn_{};
  std::unique_ptr<std::uint8_t[]> scratch_;
  ChunkPool chunks_;
  std::unique_ptr<ObjectPool<Stream>> streams_;
  Deadlines deadlines_;
  std::vector<std::unique_ptr<Disposable>> buried_;
};

}  // namespace limpet::net
