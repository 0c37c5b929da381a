// Signals as events of a loop. Control thread.
#pragma once

#include <functional>
#include <initializer_list>
#include <vector>

#include "net/uv_loop.h"

namespace limpet::net {

class Signals {
 public:
  Signals(UvLoop& loop, std::initializer_list<int> numbers, const std::function<void(int)>& on_signal);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct Inner;
  std::vector<Inner*> inner_;  // each belongs to libuv until its close callback
};

}  // namespace limpet::net
