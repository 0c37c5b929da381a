// BlockedSignal: a signal that never acts on the process by itself, not even before this object is made or
// after it is gone: block() keeps it pending in every thread that begins afterwards, and here it is read as
// an event of a loop. Control thread.
#pragma once

#include <functional>

#include "net/fd.h"
#include "net/poller.h"
#include "net/uv_loop.h"

namespace limpet::net {

class BlockedSignal final : private Pollable {
 public:
  // For this thread and those it starts; call it before there are others.
  static void block(int number) noexcept;

  // Requires block(). Signals that came since then are told at once; several at one moment are one.
  BlockedSignal(UvLoop& loop, int number, std::function<void()> on_signal);
  ~BlockedSignal();
  BlockedSignal(const BlockedSignal&) = delete;
  BlockedSignal& operator=(const BlockedSignal&) = delete;

 private:
  void on_ready(std::uint32_t ready) override;

  UvLoop& loop_;
  Fd fd_;
  std::function<void()> on_signal_;
};

}  // namespace limpet::net
