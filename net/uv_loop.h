// UvLoop: a Loop of sockets and libuv handles. Streams and listeners are polled by our own Poller; libuv's
// loop, with its timers, wake-ups, signals and name lookups, is one more descriptor there and is turned when
// that is ready or a timer is due. Owned by a worker or by control; touched by its thread alone, except
// wake-ups, which go through a Mailbox.
#pragma once

#include <uv.h>

#include <memory>
#include <vector>

#include "base/object_pool.h"
#include "base/wait_tally.h"
#include "net/loop.h"
#include "net/poller.h"

namespace limpet::net {

class SocketStream;

class UvLoop final : public Loop {
 public:
  UvLoop();
  ~UvLoop() override;  // closes what is still open and turns until it is gone

  // Returns after stop(), when the turn under way has ended.
  void run();
  // Waits for something to happen, a tick at most, and does what is to be done.
  void turn();
  void stop() noexcept { stopped_ = true; }
  [[nodiscard]] std::uint64_t turns() const noexcept { return turns_; }

  [[nodiscard]] Instant now() const noexcept override { return Instant(Duration(uv_now(&loop_))); }
  // How late its ticks came: what the loop did meanwhile kept everybody waiting so long. Read by any thread.
  [[nodiscard]] const WaitTally& lag() const noexcept { return lag_; }
  [[nodiscard]] uv_loop_t* native() noexcept { return &loop_; }
  [[nodiscard]] Poller& poller() noexcept { return poller_; }

  // For SocketStream.
  [[nodiscard]] ObjectPool<SocketStream>& streams() noexcept { return *streams_; }
  // Its interest has changed: the poller is told before it waits again, once for all changes of a turn.
  void arm_later(SocketStream& stream) { to_arm_.push_back(&stream); }
  // Its memory goes back at the end of the turn: the poller may have an event for it in hand.
  void release_later(SocketStream& stream) { to_release_.push_back(&stream); }

 private:
  // The loop of libuv as one descriptor among others.
  class Embedded final : public Pollable {
   public:
    void on_ready(std::uint32_t) override { is_ready = true; }
    bool is_ready = true;  // it has never been turned
  };

  void end_turn();
  void on_tick();

  uv_loop_t loop_{};
  uv_timer_t tick_{};
  Instant next_tick_{};
  WaitTally lag_;
  Poller poller_;
  Embedded embedded_;
  std::unique_ptr<ObjectPool<SocketStream>> streams_;
  std::vector<SocketStream*> to_arm_;
  std::vector<SocketStream*> to_release_;
  bool stopped_ = false;
  std::uint64_t turns_ = 0;
};

}  // namespace limpet::net
