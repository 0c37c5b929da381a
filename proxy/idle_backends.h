// IdleBackends: a worker's connections to backends that wait for the next request. The newest is used first.
// A byte or an end that comes while one waits closes it: what a backend says unasked reaches nobody. Worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "backends/backend.h"
#include "base/clock.h"
#include "net/stream.h"

namespace limpet::proxy {

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
  // What a connection is made under; another one once connections to that backend are not kept any more.
  [[nodiscard]] std::uint64_t epoch(backends::BackendId backend) { return place_of(backend).epoch; }
  // Closes those to backends for which `keep(id)` does not hold; connections in use are not to be put back
  // (epoch()).
  void keep_where(const std::function<bool(backends::BackendId)>& keep);
  // Keeps it for `how_long`, unless enough wait already.
  void put(backends::BackendId backend, net::StreamPtr stream, Duration how_long);
  // False when none was there.
  bool clear() noexcept;
  // Closes those to one backend.
  void forget(backends::BackendId backend) noexcept;

 private:
  class Waiting;
  struct Place {
    std::uint64_t epoch = 0;
    std::vector<std::unique_ptr<Waiting>> waiting;
  };
  [[nodiscard]] Place& place_of(backends::BackendId backend);
  void drop(const Waiting& waiting);

  // Enough for a burst; more would only hold descriptors of the backend.
  static constexpr std::size_t kMostEach = 64;

  net::Loop& loop_;
  std::unordered_map<backends::BackendId, Place> places_;
  std::uint64_t last_epoch_ = 0;
};

}  // namespace limpet::proxy
