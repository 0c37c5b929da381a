#include "proxy/idle_backends.h"

#include <algorithm>

#include "net/deadlines.h"
#include "net/loop.h"
#include "proxy/snapshot.h"

namespace limpet::proxy {

class IdleBackends::Waiting final : public net::Disposable,
                                    public net::StreamEvents,
                                    public net::DeadlineOwner {
 public:
  Waiting(IdleBackends& owner, backends::BackendId id, net::StreamPtr connection, Instant until)
      : backend(id), stream(std::move(connection)), owner_(owner), deadline_(*this) {
    stream->set_events(this);
    stream->watch(true, false);
    owner.loop_.deadlines().arm(deadline_, until);
  }

  void on_readable(net::Stream&) override { owner_.drop(*this); }
  void on_writable(net::Stream&) override {}
  void on_broken(net::Stream&) override { owner_.drop(*this); }
  void on_deadline() override { owner_.drop(*this); }

  const backends::BackendId backend;
  net::StreamPtr stream;

 private:
  IdleBackends& owner_;
  net::Deadline deadline_;
};

IdleBackends::IdleBackends(net::Loop& loop) : loop_(loop) {}

IdleBackends::~IdleBackends() = default;

net::StreamPtr IdleBackends::take(backends::BackendId backend) {
  const auto found = waiting_.find(backend);
  while (found != waiting_.end() && !found->second.empty()) {
    net::StreamPtr stream = std::move(found->second.back()->stream);
    found->second.pop_back();
    stream->set_events(nullptr);
    if (stream->looks_alive()) {
      return stream;
    }
  }
  return nullptr;
}

void IdleBackends::put(backends::BackendId backend, net::StreamPtr stream, Duration how_long) {
  auto& list = waiting_[backend];
  if (list.size() >= kMostEach || how_long <= Duration::zero()) {
    return;
  }
  list.push_back(std::make_unique<Waiting>(*this, backend, std::move(stream), loop_.now() + how_long));
}

bool IdleBackends::clear() noexcept {
  const bool held_any =
      std::any_of(waiting_.begin(), waiting_.end(), [](const auto& list) { return !list.second.empty(); });
  waiting_.clear();
  return held_any;
}

void IdleBackends::forget(backends::BackendId backend) noexcept {
  waiting_.erase(backend);
}

void IdleBackends::forget_removed(const Snapshot& snapshot) {
  std::erase_if(waiting_, [&](const auto& list) { return snapshot.pool_of(list.first) == nullptr; });
}

void IdleBackends::drop(const Waiting& waiting) {
  auto& list = waiting_[waiting.backend];
  const auto found = std::find_if(list.begin(), list.end(),
                                  [&](const auto& candidate) { return candidate.get() == &waiting; });
  if (found == list.end()) {
    return;
  }
  (*found)->stream.reset();
  loop_.bury(std::move(*found));  // its callback is on the stack
  list.erase(found);
}

}  // namespace limpet::proxy
