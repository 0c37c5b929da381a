#include "bench/load_loop.h"

#include <sys/prctl.h>

#include <algorithm>
#include <cerrno>

namespace limpet::bench {

namespace {

constexpr std::size_t kScratchBytes = 256U << 10U;
// Bounds how late the end of the run is noticed when nothing moves.
constexpr std::chrono::milliseconds kTurn{50};
// For the last exchanges.
constexpr std::chrono::seconds kFinish{5};

// By default the kernel may wake a thread 50 us late: half the distance of two messages at 10,000 a second.
void ask_for_exact_timers() noexcept {
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
}

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

Report LoadLoop::run() {
  std::vector<char> scratch(kScratchBytes);
  pass_gate(options_);
  const auto begin = Clock::now();
  end_ = begin + options_.length;
  schedule(begin);
  for (auto now = begin; now < end_ && live_ > 0; now = Clock::now()) {
    start_due(now);
    turn(end_, scratch);
  }
  finish(scratch);
  report_.took = Clock::now() - begin;
  report_.sessions = std::make_shared<decltype(clients_)>(std::move(clients_));
  return std::move(report_);
}

void LoadLoop::schedule(Clock::time_point begin) {
  live_ = clients_.size();
  const auto between = std::chrono::nanoseconds(std::chrono::seconds(options_.rate > 0 ? 1 : 0)) /
                       std::max<std::int64_t>(options_.rate, 1);
  if (options_.rate > 0) {
    ask_for_exact_timers();
  }
  period_ = between * static_cast<std::int64_t>(clients_.size());
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    clients_[i]->due_ = begin + between * static_cast<std::int64_t>(i);
    waiting_.push(clients_[i].get());
  }
}

void LoadLoop::start_due(Clock::time_point now) {
  while (!waiting_.empty() && waiting_.top()->due_ <= now) {
    LoopClient& client = *waiting_.top();
    waiting_.pop();
    start(client);
  }
}

void LoadLoop::turn(Clock::time_point until, std::span<char> scratch) {
  const auto now = Clock::now();
  const auto next = waiting_.empty() ? until : std::min(until, waiting_.top()->due_);
  for (const epoll_event& event : poller_.wait_for(std::clamp<Clock::duration>(next - now, {}, kTurn))) {
    auto& client = *static_cast<LoopClient*>(event.data.ptr);
    // A stream goes on when its client does not: at the end, what comes too early is left where it is.
    if (client.is_under_way_) {
      settle(client, client.on_event(poller_, event.events, scratch));
    }
  }
}

// The proxy has worked on what is under way: counting only what has completed would make a message look
// dearer the more sessions there are.
void LoadLoop::finish(std::span<char> scratch) {
  if (is_open()) {
    start_due(end_ - Clock::duration(1));  // what came due while the last events were handled
  }
  waiting_ = {};
  const auto last = end_ + kFinish;
  while (under_way_ > 0 && Clock::now() < last) {
    turn(last, scratch);
  }
  for (const auto& client : clients_) {
    if (client->is_under_way_) {
      client->failure_ = "an exchange did not complete";
      retire(*client);
    }
  }
}

void LoadLoop::start(LoopClient& client) {
  client.is_under_way_ = true;
  ++under_way_;
  if (client.start(poller_) == Step::Failed) {
    retire(client);
  }
}

void LoadLoop::settle(LoopClient& client, Step step) {
  if (step == Step::Waiting) {
    return;
  }
  if (step == Step::Failed) {
    retire(client);
    return;
  }
  const auto now = Clock::now();
  report_.latency.add(now - client.due_);
  ++report_.completed;
  client.is_under_way_ = false;
  --under_way_;
  client.due_ = is_open() ? client.due_ + period_ : now;
  if (client.due_ >= end_) {
    return;
  }
  if (client.due_ <= now) {
    start(client);
  } else {
    waiting_.push(&client);
  }
}

void LoadLoop::retire(LoopClient& client) {
  client.is_under_way_ = false;
  --under_way_;
  --live_;
  report_.note_failure(client.failure_);
}

}  // namespace limpet::bench
