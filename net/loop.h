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

// Who has something to do when the events of a turn have been told. Lives until it was told or forgotten.
class TurnEnd {
 public:
  virtual void on_turn_end() = 0;

 protected:
  ~TurnEnd() = default;
};

class TlsEngine;

class Loop {
 public:
  // Large messages are decided by this size, by the wake-ups it spares: docs/performance.md has the numbers.
  static constexpr std::size_t kScratchBytes = 512 * 1024;
  // What one stuck peer makes us keep is one read. Above this many chunks (64 MiB) lent by one loop, reads
  // get small, so that many stuck peers together take a sixteenth of what they could.
  static constexpr std::size_t kManyChunks = 4096;
  static constexpr std::size_t kSmallReadBytes = Chunk::kBytes;

  // Beside short messages: 512 KiB take about 250 us to pass on, and a short one may wait for that twice.
  static constexpr std::size_t kSharedReadBytes = 64 * 1024;
  // What is worth a copy to be sent together with others.
  static constexpr std::size_t kShortBytes = 2048;
  static constexpr Duration kShortMessagesFor = std::chrono::milliseconds(3);

  virtual ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Time as of the begin of this turn.
  [[nodiscard]] virtual Instant now() const noexcept = 0;
  [[nodiscard]] Deadlines& deadlines() noexcept { return deadlines_; }
  [[nodiscard]] ChunkPool& chunks() noexcept { return chunks_; }
  [[nodiscard]] const ChunkPool& chunks() const noexcept { return chunks_; }
  // For one read and what is done with it; never held over a return to the loop.
  [[nodiscard]] std::span<std::uint8_t> scratch() noexcept {
    if (chunks_.out() >= kManyChunks) {
      return {scratch_.get(), kSmallReadBytes};
    }
    return {scratch_.get(), now() < short_until_ ? kSharedReadBytes : kScratchBytes};
  }
  // Somebody exchanges short messages here: for a moment nobody reads so much at once that they wait long.
  void note_short_message() noexcept { short_until_ = now() + kShortMessagesFor; }

  // A batch: the events of one poll. Several short sends that follow each other closely cost less than sends
  // with reads between them: a receiver on another core is woken once, not each time.
  [[nodiscard]] bool hears_several() const noexcept { return hears_several_; }
  // Tells `who` when all events of the batch under way have been told. Requires hears_several().
  void at_batch_end(BatchEnd& who) { at_batch_end_.push_back(&who); }
  // So many bytes were read and are passed on next: what is short does not wait for what is long.
  void make_way_for(std::size_t bytes) {
    if (bytes > kShortBytes) {
      flush_batch();
    }
  }

  // Tells `who`, once, when all events of the turn under way have been told, batch and all. Who asks for it
  // while being told is told in the next turn, which then does not wait.
  void at_turn_end(TurnEnd& who) { at_turn_end_.push_back(&who); }
  void forget_turn_end(const TurnEnd& who) noexcept;
  // What all TLS streams of this loop share; made when it is first asked for.
  [[nodiscard]] TlsEngine& tls();

  // Frees `object` when no callback is on the stack any more.
  void bury(std::unique_ptr<Disposable> object) { buried_.push_back(std::move(object)); }

 protected:
  explicit Loop(Instant now);
  // Call around the events of one poll.
  void begin_batch(int events) noexcept { hears_several_ = events > 1; }
  void end_batch() {
    flush_batch();
    hears_several_ = false;
  }
  // Call behind the events of a turn. False when nobody had asked for it.
  bool tell_turn_end();
  // The next turn must not wait.
  [[nodiscard]] bool has_turn_end() const noexcept { return !at_turn_end_.empty(); }
  // Call between callbacks.
  void free_buried();

 private:
  // Tells those who wait for the end of the batch, which may go on.
  void flush_batch();

  std::unique_ptr<std::uint8_t[]> scratch_;
  ChunkPool chunks_;
  Instant short_until_{};
  Deadlines deadlines_;
  std::vector<BatchEnd*> at_batch_end_;
  bool hears_several_ = false;
  std::vector<TurnEnd*> at_turn_end_;    // null where it was forgotten
  std::vector<TurnEnd*> told_turn_end_;  // those being told
  std::unique_ptr<TlsEngine> tls_;       // null until it is asked for; streams that are buried still use it
  std::vector<std::unique_ptr<Disposable>> buried_;
};

}  // namespace limpet::net
