#include "proxy/worker_listeners.h"

#include <algorithm>
#include <utility>

namespace limpet::proxy {

void WorkerListeners::open(ListeningSocket listening, net::ListenerOptions options) {
  auto pool = std::make_shared<ListenerPool>(ListenerPool{std::move(listening.pool)});
  auto listener = net::Listener::start(
      loop_, std::move(listening.socket),
      [this, shared = ListenerPoolPtr(pool)](net::Fd socket, const SocketAddress& peer) {
        on_accept_(std::move(socket), peer, shared);
      },
      std::move(options));
  if (!listener.ok()) {
    log_.error("listener_failed", {{"detail", listener.error().detail}});
    return;
  }
  entries_.push_back({listening.id, std::move(pool), std::move(listener).value()});
}

void WorkerListeners::set_pool(ListenerId id, std::string pool) {
  const auto found = std::ranges::find(entries_, id, &Entry::id);
  if (found != entries_.end()) {
    found->pool->name = std::move(pool);
  }
}

void WorkerListeners::close(ListenerId id) {
  const auto found = std::ranges::find(entries_, id, &Entry::id);
  if (found != entries_.end()) {
    found->listener->accept_queued();
    entries_.erase(found);
  }
}

}  // namespace limpet::proxy
