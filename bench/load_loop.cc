#include "bench/load_loop.h"

#include <cerrno>

namespace limpet::bench {

namespace {

constexpr std::size_t kScratchBytes = 256U << 10U;
// Bounds how late the end of the run is noticed when nothing moves.
constexpr int kTurnMs = 50;

}  // namespace

void Outgoing::assign(std::string_view bytes) noexcept {
  left_ = bytes;
}

bool Outgoing::flush(const Fd& socket) {
  while (!left_.empty()) {
    const ssize_t put = ::send(socket.get(), left_.data(), left_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put < 0) {
      return errno == EAGAIN || errno == EINTR;
    }
    left_.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

void Outgoing::watch(Poller& poller, const Fd& socket, void* owner) {
  if (waits_for_room_ == left_.empty()) {
    waits_for_room_ = !left_.empty();
    // Input is read while room is awaited: an echo that is not drained would block both ends for good.
    poller.modify(socket, waits_for_room_ ? EPOLLIN | EPOLLOUT : EPOLLIN, owner);
  }
}

Report ClosedLoop::run() {
  std::vector<char> scratch(kScratchBytes);
  pass_gate(options_);
  live_ = clients_.size();
  const auto begin = Clock::now();
  const auto end = begin + options_.length;
  for (const auto& client : clients_) {
    start(*client, begin);
  }
  auto now = begin;
  for (; now < end && live_ > 0; now = Clock::now()) {
    for (const epoll_event& event : poller_.wait(kTurnMs)) {
      auto& client = *static_cast<LoopClient*>(event.data.ptr);
      if (!client.is_retired_) {
        settle(client, client.on_event(poller_, event.events, scratch));
      }
    }
  }
  report_.took = now - begin;
  return std::move(report_);
}

void ClosedLoop::start(LoopClient& client, Clock::time_point now) {
  client.started_ = now;
  if (client.start(poller_) == Step::Failed) {
    retire(client);
  }
}

void ClosedLoop::settle(LoopClient& client, Step step) {
  if (step == Step::Waiting) {
    return;
  }
  if (step == Step::Failed) {
    retire(client);
    return;
  }
  const auto now = Clock::now();
  report_.latency.add(now - client.started_);
  ++report_.completed;
  start(client, now);
}

void ClosedLoop::retire(LoopClient& client) {
  client.is_retired_ = true;
  --live_;
  report_.note_failure(client.failure_);
}

}  // namespace limpet::bench
