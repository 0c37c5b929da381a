// Context: what the connections of one worker share. Owned by the Worker, passed by reference. Worker.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "affinity/table.h"
#include "base/clock.h"
#include "base/counters.h"
#include "base/log.h"
#include "base/random.h"
#include "http/head.h"
#include "net/connector.h"
#include "net/descriptors.h"
#include "net/loop.h"
#include "proxy/client_ledger.h"
#include "proxy/departures.h"
#include "proxy/handshake_pace.h"
#include "proxy/idle_backends.h"
#include "proxy/pin_wait.h"
#include "proxy/pool_tally.h"
#include "proxy/publishing.h"
#include "proxy/recent_ends.h"
#include "proxy/request_id.h"
#include "proxy/session_list.h"
#include "proxy/snapshot.h"
#include "sharing/pin_desk.h"

namespace limpet::proxy {

class ClientConnection;

// What all workers share. Any thread.
struct Shared {
  affinity::AffinityTable& pins;
  const Clock& clock;
  Log& log;
  net::DescriptorBounds descriptors{};
  ClientLedger clients{};
  RecentEnds recent_ends{};
  std::atomic<std::uint32_t> connections{0};  // open client connections and tunnels of the process
  std::atomic<std::uint64_t> last_session_id{0};
  sharing::PinDesk* desk = nullptr;  // null: pins are shared with nobody; set before the workers start
  std::atomic<Instant::rep> accept_rested_ms{0};  // when accepting rested last, out of descriptors; 0 = never
};

// The owner of client connections, as they see it.
class ConnectionOwner {
 public:
  // Frees `connection` at the end of the turn.
  virtual void retire(ClientConnection& connection) = 0;
  // One thing less to wait for while stopping.
  virtual void on_session_gone() = 0;

 protected:
  ~ConnectionOwner() = default;
};

struct Context {
  Context(net::Loop& worker_loop, net::Connector& to_backends, Shared& all, ConnectionOwner& connection_owner,
          std::uint64_t seed);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  net::Loop& loop;
  net::Connector& connector;
  Shared& shared;
  ConnectionOwner& owner;
  SnapshotPtr snapshot;  // the newest; replaced between callbacks
  Random random;
  RequestIds request_ids;
  Counters counters;
  PoolTallies pools;
  std::size_t number = 0;  // of the worker: by it backends know what it counts
  IdleBackends idle;
  HandshakePace handshakes;
  SessionList sessions;
  Departures departures;
  PinWaits pin_waits;
  sharing::PinAsker* pin_asker = nullptr;  // who hears the answers; set where pins are shared
  Publishing publishing;
  bool stopping = false;  // nobody is accepted any more, and nobody kept alive

  // Reused for message after message, so that heads are parsed and written without allocation.
  http::RequestHead request_head;
  http::ResponseHead response_head;
  std::string assembly;
};

}  // namespace limpet::proxy
