#include "net/uv_loop.h"

#include <cstdlib>

#include "net/socket_stream.h"

namespace limpet::net {

namespace {

// Streams whose memory is kept for the next connection.
constexpr std::size_t kSpareStreams = 1024;

// A moment before what uv_now() of a new loop will say: it may count with a coarser clock.
Instant begin_of_time() noexcept {
  constexpr std::uint64_t kNanosecondsAMillisecond = 1'000'000;
  return Instant(Duration(uv_hrtime() / kNanosecondsAMillisecond) - Deadlines::kTick);
}

}  // namespace

UvLoop::UvLoop()
    : Loop(begin_of_time()), streams_(std::make_unique<ObjectPool<SocketStream>>(kSpareStreams)) {
  if (uv_loop_init(&loop_) != 0) {
    std::abort();  // out of descriptors before anything began
  }
  loop_.data = this;
  uv_timer_init(&loop_, &tick_);
  tick_.data = this;
  const auto tick_ms = static_cast<std::uint64_t>(Deadlines::kTick.count());
  uv_timer_start(
      &tick_,
      [](uv_timer_t* timer) {
        auto* const loop = static_cast<UvLoop*>(timer->data);
        loop->deadlines().sweep(loop->now());
      },
      tick_ms, tick_ms);
  uv_check_init(&loop_, &end_of_turn_);
  end_of_turn_.data = this;
  uv_check_start(&end_of_turn_, [](uv_check_t* check) { static_cast<UvLoop*>(check->data)->free_buried(); });
}

UvLoop::~UvLoop() {
  free_buried();
  uv_close(reinterpret_cast<uv_handle_t*>(&tick_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&end_of_turn_), nullptr);
  uv_run(&loop_, UV_RUN_DEFAULT);
  free_buried();
  uv_loop_close(&loop_);
}

void UvLoop::run() {
  uv_run(&loop_, UV_RUN_DEFAULT);
  // Not every libuv runs the end of the turn in which it was stopped, and the owners of the buried may go
  // next.
  free_buried();
}

void UvLoop::stop() noexcept {
  uv_stop(&loop_);
}

}  // namespace limpet::net
