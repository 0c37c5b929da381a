#include "net/timer.h"

#include <uv.h>

#include <memory>

namespace limpet::net {

struct Timer::Inner {
  uv_timer_t handle{};
  std::function<void()> on_tick;
};

Timer::Timer(UvLoop& loop, Duration every, std::function<void()> on_tick) {
  auto inner = std::make_unique<Inner>();
  inner->on_tick = std::move(on_tick);
  uv_timer_init(loop.native(), &inner->handle);
  inner->handle.data = inner.get();
  const auto every_ms = static_cast<std::uint64_t>(every.count());
  uv_timer_start(
      &inner->handle, [](uv_timer_t* timer) { static_cast<Inner*>(timer->data)->on_tick(); }, every_ms,
      every_ms);
  inner_ = inner.release();
}

Timer::~Timer() {
  uv_close(reinterpret_cast<uv_handle_t*>(&inner_->handle),
           [](uv_handle_t* handle) { std::unique_ptr<Inner>(static_cast<Inner*>(handle->data)); });
}

}  // namespace limpet::net
