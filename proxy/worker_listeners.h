// WorkerListeners: the listeners of one worker, and the letter by which control changes them while running.
// Owned by the Worker. Worker, but for the letter.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "net/listener.h"
#include "net/mailbox.h"
#include "net/uv_loop.h"
#include "proxy/listener_rule.h"
#include "proxy/snapshot.h"

namespace limpet::proxy {

// The number of a listener, the same in every worker and never used again. A worker may have several sockets
// of one.
using ListenerId = std::uint32_t;

// A listening socket of one worker.
struct ListeningSocket {
  net::Fd socket;
  ListenerRule rule;
  ListenerId id = 0;
};

// A worker has closed its socket of that listener.
struct ListenerClosed {
  ListenerId id = 0;
};

// What a reload changes, for one worker: taken in one step, so that no request meets the new pools with the
// old listeners.
struct ListenerChange {
  struct NewRule {
    ListenerId id = 0;
    ListenerRule rule;
  };
  SnapshotPtr snapshot;
  std::vector<ListeningSocket> opened;
  std::vector<NewRule> changed;
  std::vector<ListenerId> closed;
  net::Mailbox<ListenerClosed>* tell = nullptr;  // posted to for each that was closed; outlives the worker
};

class WorkerListeners {
 public:
  using OnAccept =
      std::function<void(net::Fd socket, const SocketAddress& peer, const ListenerRulePtr& rule)>;

  WorkerListeners(net::UvLoop& loop, Log& log, OnAccept on_accept)
      : loop_(loop), log_(log), on_accept_(std::move(on_accept)) {}

  // Starts accepting. One that cannot be watched is told in the log.
  void open(ListeningSocket listening, net::ListenerOptions options);
  // For new connections; requests of the present ones go to its pool, too, from now on.
  void set_rule(ListenerId id, const ListenerRule& rule);
  // Accepts who waits in its queue, and closes it.
  void close(ListenerId id);
  // While they are held nobody is accepted: clients wait in the queues of the sockets.
  void hold(bool on);
  // Closes all of them.
  void clear() noexcept { entries_.clear(); }

 private:
  struct Entry {
    ListenerId id = 0;
    std::shared_ptr<ListenerRule> rule;
    std::unique_ptr<net::Listener> listener;
  };

  net::UvLoop& loop_;
  Log& log_;
  OnAccept on_accept_;
  std::vector<Entry> entries_;
};

}  // namespace limpet::proxy
