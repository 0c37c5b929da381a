// The orders by which control ends sessions before their time, and a worker's answers. A worker knows nothing
// of rates: control says how many, again and again, until none waits and none is leaving. Plain values that
// are posted between threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "affinity/key.h"
#include "affinity/table.h"
#include "backends/backend.h"
#include "base/clock.h"
#include "base/close_reason.h"
#include "net/mailbox.h"

namespace limpet::proxy {

struct SentAway {
  std::uint64_t order = 0;  // as ordered
  std::size_t worker = 0;   // which one answers: as given to Worker::start()
  std::size_t told = 0;     // now, by this order
  std::size_t waiting = 0;  // live on that backend in this worker, matching, and not told
  std::size_t leaving = 0;  // told and still there
  // Of those waiting, as of the last time that the worker looked at all: lets control take the longest idle
  // ones over all workers first. None when none was waiting then.
  std::optional<Duration> longest_idle = std::nullopt;
};

// Tells the sessions of one backend to go, the longest idle first, with the close code and reason of their
// pool (Tunnel::send_away).
struct SendAway {
  std::uint64_t order = 0;  // comes back in the answer
  backends::BackendId backend = 0;
  CloseReason cause = CloseReason::Drained;
  // So many now; 0 = none, only count. A worker tells a bounded number at once: `told` says how many it was.
  std::size_t most = 0;
  // Set: only sessions whose backend has said nothing since then.
  std::optional<Instant> silent_since = std::nullopt;
  // A session that was told is cut when it is still there after this.
  Duration grace{};
  net::Mailbox<SentAway>* reply_to = nullptr;  // outlives the worker; null: nobody wants to know
};

// What is left on a backend is cut now, whatever it is doing.
struct CutBackend {
  backends::BackendId backend = 0;
  CloseReason cause = CloseReason::BackendRemoved;
};

struct EndedSession {
  std::uint64_t question = 0;  // as asked
  bool found = false;
};

// Sends one session away. Each worker is asked; one of them has it.
struct EndSession {
  std::uint64_t question = 0;
  std::uint64_t id = 0;
  CloseReason cause = CloseReason::EndedByAdmin;
  Duration grace{};
  net::Mailbox<EndedSession>* reply_to = nullptr;  // as above
};

struct MovedKey {
  std::uint64_t question = 0;
  std::size_t told = 0;
};

// Sends every live session of one client away, because its pin was moved (CloseReason::Moved). Those that
// are on `keep` already stay: 0 = none does.
struct MoveKey {
  std::uint64_t question = 0;
  affinity::PoolId pool = 0;
  affinity::Key key = {};
  backends::BackendId keep = 0;
  Duration grace{};
  net::Mailbox<MovedKey>* reply_to = nullptr;  // as above
};

}  // namespace limpet::proxy
