#include "proxy/idle_backends.h"

#include <algorithm>

#include "net/deadlines.h"
#include "net/loop.h"

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

IdleBackends::Place& IdleBackends::place_of(backends::BackendId backend) {
  const auto [place, is_new] = places_.try_emplace(backend);
  if (is_new) {
    place->second.epoch = ++last_epoch_;
  }
  return place->second;
}

net::StreamPtr IdleBackends::take(backends::BackendId backend) {
  const auto found = places_.find(backend);
  while (found != places_.end() && !found->second.waiting.empty()) {
    net::StreamPtr stream = std::move(found->second.waiting.back()->stream);
    found->second.waiting.pop_back();
    stream->set_events(nullptr);
    if (stream->looks_alive()) {
      return stream;
    }
  }
  return nullptr;
}

void IdleBackends::put(backends::BackendId backend, net::StreamPtr stream, Duration how_long) {
  auto& list = place_of(backend).waiting;
  if (list.size() >= kMostEach || how_long <= Duration::zero()) {
    return;
  }
  list.push_back(std::make_unique<Waiting>(*this, backend, std::move(stream), loop_.now() + how_long));
}

bool IdleBackends::clear() noexcept {
  bool held_any = false;
  for (auto& [backend, place] : places_) {
    held_any = held_any || !place.waiting.empty();
    place.waiting.clear();
  }
  return held_any;
}

void IdleBackends::forget(backends::BackendId backend) noexcept {
  places_.erase(backend);
}

void IdleBackends::keep_where(const std::function<bool(backends::BackendId)>& keep) {
  std::erase_if(places_, [&](const auto& entry) { return !keep(entry.first); });
}

void IdleBackends::drop(const Waiting& waiting) {
  auto& list = place_of(waiting.backend).waiting;
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
