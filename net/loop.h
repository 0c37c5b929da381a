// Loop: what everything that runs on one thread shares: the time, the scratch buffer, the deadlines, the
// chunk pool and the place where closed objects wait for the end of the turn. UvLoop turns it with libuv;
// tests turn it by hand. Owned by a worker or by control; touched by its thread alone.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "net/chunk_pool.h"
#include "net/deadlines.h"

namespace limpet::net {

// What may be freed at the end of a turn of the loop.
class Disposable {
 public:
  virtual ~Disposable() = default;
};

// Who has something small to send when everybody who is ready has been heard. Lives until the end of the
// turn.
class BatchEnd {
 public:
  virtual void on_batch_end() = 0;

 protected:
  ~BatchEnd() = default;
};

class Loop {
 public:
  // Large messages are decided by this size: against 64 KiB, 16 KiB costs 2-3x and 256 KiB 0.4-0.7x.
  static constexpr std::size_t kScratchBytes = 256 * 1024;
  // What one stuck peer makes us keep is one read. Above this many chunks (64 MiB) lent by one loop, reads
  // get small, so that many stuck peers together take a sixteenth of what they could.
  static constexpr std::size_t kManyChunks = 4096;
  static constexpr std::size_t kSmallReadBytes = Chunk::kBytes;

  virtual ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Time as of the begin of this turn.
  [[nodiscard]] virtual Instant now() const noexcept = 0;
  [[nodiscard]] Deadlines& deadlines() noexcept { return deadlines_; }
  [[nodiscard]] ChunkPool& chunks() noexcept { return chunks_; }
  // For one read and what is done with it; never held over a return to the loop.
  [[nodiscard]] std::span<std::uint8_t> scratch() noexcept {
    return {scratch_.get(), chunks_.out() < kManyChunks ? kScratchBytes : kSmallReadBytes};
  }

  // Tells `who` when the events under way have all been told, before the loop waits again. Small sends that
  // follow each other closely cost less than sends with reads between them: a receiver on another core is
  // woken once, not each time.
  void at_batch_end(BatchEnd& who) { at_batch_end_.push_back(&who); }
  // Tells those who wait for it.
  void end_batch();

  // Frees `object` when no callback is on the stack any more.
  void bury(std::unique_ptr<Disposable> object) { buried_.push_back(std::move(object)); }

 protected:
  explicit Loop(Instant now);
  // Call between callbacks.
  void free_buried();

 private:
  std::unique_ptr<std::uint8_t[]> scratch_;
  ChunkPool chunks_;
  Deadlines deadlines_;
  std::vector<BatchEnd*> at_batch_end_;
  std::vector<std::unique_ptr<Disposable>> buried_;
};

}  // namespace limpet::net
