// UvLoop: a Loop that libuv turns. Owned by a worker or by control; touched by its thread alone, except
// wake-ups, which go through a Mailbox.
#pragma once

#include <uv.h>

#include <memory>

#include "base/object_pool.h"
#include "net/loop.h"

namespace limpet::net {

class SocketStream;

class UvLoop final : public Loop {
 public:
  UvLoop();
  ~UvLoop() override;  // closes what is still open and turns until it is gone

  // Returns after stop(), when the turn under way has ended.
  void run();
  void stop() noexcept;

  [[nodiscard]] Instant now() const noexcept override { return Instant(Duration(uv_now(&loop_))); }
  [[nodiscard]] uv_loop_t* native() noexcept { return &loop_; }
  [[nodiscard]] ObjectPool<SocketStream>& streams() noexcept { return *streams_; }

 private:
  uv_loop_t loop_{};
  uv_timer_t tick_{};
  uv_check_t end_of_turn_{};
  std::unique_ptr<ObjectPool<SocketStream>> streams_;
};

}  // namespace limpet::net
