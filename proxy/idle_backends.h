// IdleBackends: a worker's connections to backends that wait for the next request. The newest is used first.
// A byte or an end that comes while one waits closes it: what a backend says unasked reaches nobody. Worker.
#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

#include "backends/backend.h"
#include "base/clock.h"
#include "net/stream.h"

namespace limpet::proxy {

struct Snapshot;

class IdleBackends {
 public:
  explicit IdleBackends(net::Loop& loop);
  ~IdleBackends();
  IdleBackends(const IdleBackends&) = delete;
  IdleBackends& operator=(const IdleBackends&) = delete;

  // Null when none waits. One to which the backend has said something, or which it has closed, is dropped and
  // never given out, even if the loop has not told of it yet: bytes said unasked must not become the answer
  // to the next request.
  [[nodiscard]] net::StreamPtr take(backends::BackendId backend);
  // Keeps it for `how_long`, unless enough wait already.
  void put(backends::BackendId backend, net::StreamPtr stream, Duration how_long);
  // False when none was there.
  bool clear() noexcept;
  // Closes those to one backend.
  void forget(backends::BackendId backend) noexcept;
  // Closes those to backends that are in no pool any more.
  void forget_removed(const Snapshot& snapshot);

 private:
  class Waiting;
  void drop(const Waiting& waiting);

  // Enough for a burst; more would only hold descriptors of the backend.
  static constexpr std::size_t kMostEach = 64;

  net::Loop& loop_;
  std::unordered_map<backends::BackendId, std::vector<std::unique_ptr<Waiting>>> waiting_;
};

}  // namespace limpet::proxy
