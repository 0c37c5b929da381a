#include "net/uv_loop.h"

#include <sys/epoll.h>

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
  if (uv_loop_init(&loop_) != 0 || !poller_.add(uv_backend_fd(&loop_), EPOLLIN, embedded_)) {
    std::abort();  // out of descriptors before anything began
  }
  loop_.data = this;
  uv_timer_init(&loop_, &tick_);
  tick_.data = this;
  const auto tick_ms = static_cast<std::uint64_t>(Deadlines::kTick.count());
  uv_timer_start(
      &tick_, [](uv_timer_t* timer) { static_cast<UvLoop*>(timer->data)->on_tick(); }, tick_ms, tick_ms);
  next_tick_ = now() + Deadlines::kTick;
}

UvLoop::~UvLoop() {
  end_turn();
  uv_close(reinterpret_cast<uv_handle_t*>(&tick_), nullptr);
  uv_run(&loop_, UV_RUN_DEFAULT);
  end_turn();
  uv_loop_close(&loop_);
}

void UvLoop::on_tick() {
  lag_.note(now() - next_tick_);
  next_tick_ = now() + Deadlines::kTick;
  deadlines().sweep(now());
}

void UvLoop::run() {
  stopped_ = false;
  next_tick_ = Instant::max();  // nobody was kept waiting by the time before
  while (!stopped_) {
    turn();
  }
  end_turn();
}

void UvLoop::turn() {
  ++turns_;
  end_turn();
  // Never without end: the tick is always due soon.
  begin_batch(poller_.wait(embedded_.is_ready || has_turn_end() ? 0 : uv_backend_timeout(&loop_)));
  poller_.tell_ready();
  end_batch();
  tell_turn_end();
  uv_update_time(&loop_);
  if (embedded_.is_ready || uv_backend_timeout(&loop_) == 0) {
    embedded_.is_ready = false;
    uv_run(&loop_, UV_RUN_NOWAIT);
    uv_update_time(&loop_);  // a letter that took long does not count against who comes next
  }
}

void UvLoop::end_turn() {
  free_buried();
  // Arming one may end others and change the lists.
  for (std::size_t i = 0; i < to_arm_.size(); ++i) {
    to_arm_[i]->arm();
  }
  to_arm_.clear();
  for (SocketStream* const stream : to_release_) {
    streams_->release(stream);
  }
  to_release_.clear();
}

}  // namespace limpet::net
