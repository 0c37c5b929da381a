#include "proxy/worker_listeners.h"

#include <algorithm>
#include <utility>

namespace limpet::proxy {

void WorkerListeners::open(ListeningSocket listening, net::ListenerOptions options) {
  auto rule = std::make_shared<ListenerRule>(std::move(listening.rule));
  auto listener = net::Listener::start(
      loop_, std::move(listening.socket),
      [this, shared = ListenerRulePtr(rule)](net::Fd socket, const SocketAddress& peer) {
        on_accept_(std::move(socket), peer, shared);
      },
      std::move(options));
  if (!listener.ok()) {
    log_.error("listener_failed", {{"detail", listener.error().detail}});
    return;
  }
  entries_.push_back({listening.id, std::move(rule), std::move(listener).value()});
}

void WorkerListeners::set_rule(ListenerId id, const ListenerRule& rule) {
  for (Entry& entry : entries_) {
    if (entry.id == id) {
      *entry.rule = rule;
    }
  }
}

void WorkerListeners::close(ListenerId id) {
  std::erase_if(entries_, [id](const Entry& entry) {
    if (entry.id == id) {
      entry.listener->accept_queued();
    }
    return entry.id == id;
  });
}

void WorkerListeners::hold(bool on) {
  for (const Entry& entry : entries_) {
    entry.listener->hold(on);
  }
}

}  // namespace limpet::proxy
