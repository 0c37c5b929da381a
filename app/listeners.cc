#include "app/listeners.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "settings/difference.h"

namespace limpet::app {

namespace {

std::vector<settings::Listener> settings_of(const std::vector<Listeners::Plan::Held>& held) {
  std::vector<settings::Listener> listeners;
  listeners.reserve(held.size());
  for (const Listeners::Plan::Held& listener : held) {
    listeners.push_back(listener.setting);
  }
  return listeners;
}

proxy::ListenerRule rule_of(const settings::Listener& listener, const SocketAddress& address,
                            net::TlsServerPtr tls) {
  return {.pool = listener.pool,
          .address = address,
          .requires_proxy_header = listener.requires_proxy_header,
          .tls = std::move(tls)};
}

void remove_file(const SocketAddress& address) {
  if (address.is_unix()) {
    ::unlink(address.path().c_str());
  }
}

void remove_file_of(const Listeners::Plan::Held& listener) {
  if (!listener.lent) {
    remove_file(listener.address);
  }
}

}  // namespace

Listeners::Listeners(net::UvLoop& loop, std::size_t workers)
    : workers_(workers), closed_(loop, [this](proxy::ListenerClosed closed) { on_closed(closed.id); }) {}

Listeners::~Listeners() {
  if (owns_files_) {
    std::ranges::for_each(held_, remove_file_of);
  }
}

Listeners::Plan Listeners::plan(const std::vector<settings::Listener>& listeners,
                                const settings::Places& places, const TlsContexts& tls,
                                InheritedSockets* inherited) {
  Plan plan;
  plan.changes.resize(workers_);
  const auto matches = settings::match_listeners(settings_of(held_), listeners);
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    const auto found = tls.listeners.find(listener_tls_key(listeners, i));
    const net::TlsServerPtr speaks = found == tls.listeners.end() ? nullptr : found->second;
    if (!matches[i]) {
      bind_new(plan,
               {listeners[i], places.problem({"listeners[" + std::to_string(i) + "].bind"}, ""), speaks},
               inherited);
      continue;
    }
    const Plan::Held& held = held_[*matches[i]];
    const proxy::ListenerRule rule = rule_of(listeners[i], held.address, speaks);
    plan.held.push_back({listeners[i], held.address, held.id, held.descriptors, held.lent, rule});
    if (rule != held.rule) {
      for (proxy::ListenerChange& change : plan.changes) {
        change.changed.push_back({held.id, rule});
      }
    }
  }
  for (std::size_t i = 0; i < held_.size(); ++i) {
    if (std::ranges::find(matches, std::optional(i)) == matches.end()) {
      for (proxy::ListenerChange& change : plan.changes) {
        change.closed.push_back(held_[i].id);
        change.tell = &closed_;
      }
    }
  }
  return plan;
}

void Listeners::bind_new(Plan& plan, const Wanted& wanted, InheritedSockets* inherited) {
  const SocketAddress address = *wanted.listener.bind.literal();
  const bool is_lent = inherited != nullptr && inherited->is_lent(address);
  auto taken = inherited != nullptr ? inherited->take(address) : std::vector<net::Fd>();
  const bool is_made = taken.empty();
  const net::PortUse use = is_port_ours(address) ? net::PortUse::BesideOurs : net::PortUse::Alone;
  auto bound =
      is_made ? net::bind_sockets(address, workers_, use) : net::adopt_sockets(std::move(taken), workers_);
  if (!bound.ok()) {
    plan.problems.push_back(wanted.problem);
    plan.problems.back().message = bound.error().detail;
    return;
  }
  const proxy::ListenerId id = ++last_id_;
  Plan::Held& held = plan.held.emplace_back(Plan::Held{wanted.listener, bound->address, id});
  held.lent = is_lent;
  held.rule = rule_of(wanted.listener, bound->address, wanted.tls);
  plan.opened.push_back(bound->address);
  if (is_made) {
    plan.made.push_back(bound->address);
  }
  // More than workers, where those of a process with more of them were handed over: each queue is served.
  for (std::size_t i = 0; i < bound->sockets.size(); ++i) {
    held.descriptors.push_back(bound->sockets[i].get());
    plan.changes[i % workers_].opened.push_back({std::move(bound->sockets[i]), held.rule, id});
  }
}

// Ours are those that listen, and those that some worker has yet to close: a new listener may stand beside
// them for a moment.
bool Listeners::is_port_ours(const SocketAddress& address) const {
  const auto is_same_port = [&](const SocketAddress& other) {
    return !other.is_unix() && !address.is_unix() && other.port() == address.port();
  };
  return std::ranges::any_of(held_, is_same_port, &Plan::Held::address) ||
         std::ranges::any_of(closing_, [&](const auto& entry) { return is_same_port(entry.second.address); });
}

void Listeners::commit(const Plan& plan) {
  for (const Plan::Held& before : held_) {
    if (std::ranges::find(plan.held, before.id, &Plan::Held::id) == plan.held.end()) {
      // Before the workers close it: whoever connects from now on finds nothing, and nobody is left in a
      // queue.
      remove_file_of(before);
      closing_[before.id] = {before.address, workers_};
    }
  }
  held_ = plan.held;
}

void Listeners::discard(const Plan& plan) {
  std::ranges::for_each(plan.made, remove_file);  // those of the process before this one are its own
}

void Listeners::on_closed(proxy::ListenerId id) {
  const auto found = closing_.find(id);
  if (found != closing_.end() && --found->second.workers == 0) {
    closing_.erase(found);
  }
}

std::vector<BoundListener> Listeners::bound() const {
  std::vector<BoundListener> bound;
  for (const Plan::Held& listener : held_) {
    bound.push_back({listener.address, listener.setting.pool, listener.rule.tls});
  }
  return bound;
}

}  // namespace limpet::app
