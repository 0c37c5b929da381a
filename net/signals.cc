#include "net/signals.h"

#include <uv.h>

#include <memory>

namespace limpet::net {

struct Signals::Inner {
  uv_signal_t handle{};
  std::function<void(int)> on_signal;
};

Signals::Signals(UvLoop& loop, std::initializer_list<int> numbers,
                 const std::function<void(int)>& on_signal) {
  for (const int number : numbers) {
    auto inner = std::make_unique<Inner>();
    inner->on_signal = on_signal;
    uv_signal_init(loop.native(), &inner->handle);
    inner->handle.data = inner.get();
    uv_signal_start(
        &inner->handle,
        [](uv_signal_t* handle, int received) { static_cast<Inner*>(handle->data)->on_signal(received); },
        number);
    inner_.push_back(inner.release());
  }
}

Signals::~Signals() {
  for (Inner* const inner : inner_) {
    uv_close(reinterpret_cast<uv_handle_t*>(&inner->handle),
             [](uv_handle_t* handle) { std::unique_ptr<Inner>(static_cast<Inner*>(handle->data)); });
  }
}

}  // namespace limpet::net
