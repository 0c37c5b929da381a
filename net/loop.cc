#include "net/loop.h"

#include <cstdlib>

#include "net/stream.h"

namespace limpet::net {

namespace {

// Streams whose memory is kept for the next connection.
constexpr std::size_t kSpareStreams = 1024;

Instant start_of(uv_loop_t& loop) {
  if (uv_loop_init(&loop) != 0) {
    std::abort();  // out of descriptors before anything began
  }
  return Instant(Duration(uv_now(&loop)));
}

}  // namespace

Loop::Loop()
    : scratch_(std::make_unique<std::uint8_t[]>(kScratchBytes)),
      streams_(std::make_unique<ObjectPool<Stream>>(kSpareStreams)),
      deadlines_(start_of(loop_)) {
  loop_.data = this;
  uv_timer_init(&loop_, &tick_);
  tick_.data = this;
  const auto tick_ms = static_cast<std::uint64_t>(Deadlines::kTick.count());
  uv_timer_start(
      &tick_,
      [](uv_timer_t* timer) {
        auto* const loop = static_cast<Loop*>(timer->data);
        loop->deadlines_.sweep(loop->now());
      },
      tick_ms, tick_ms);
  uv_check_init(&loop_, &end_of_turn_);
  end_of_turn_.data = this;
  uv_check_start(&end_of_turn_, [](uv_check_t* check) { static_cast<Loop*>(check->data)->free_buried(); });
}

Loop::~Loop() {
  free_buried();
  uv_close(reinterpret_cast<uv_handle_t*>(&tick_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&end_of_turn_), nullptr);
  uv_run(&loop_, UV_RUN_DEFAULT);
  free_buried();
  uv_loop_close(&loop_);
}

void Loop::run() {
  uv_run(&loop_, UV_RUN_DEFAULT);
  // Not every libuv runs the end of the turn in which it was stopped, and the owners of the buried may go
  // next.
  free_buried();
}

void Loop::stop() noexcept {
  uv_stop(&loop_);
}

void Loop::free_buried() {
  // Freeing one may bury another.
  while (!buried_.empty()) {
    std::vector<std::unique_ptr<Disposable>> now;
    now.swap(buried_);
  }
}

}  // namespace limpet::net
