// Timer: calls back again and again. For control's chores; connections use Deadlines. One thread.
#pragma once

#include <functional>

#include "base/clock.h"
#include "net/uv_loop.h"

namespace limpet::net {

class Timer {
 public:
  Timer(UvLoop& loop, Duration every, std::function<void()> on_tick);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  struct Inner;
  Inner* inner_;  // belongs to libuv until its close callback
};

}  // namespace limpet::net
