#include "app/succession.h"

#include <utility>

#include "app/admin_source.h"
#include "app/pin_file.h"
#include "app/server.h"
#include "app/totals.h"

namespace limpet::app {

Succession::Succession(Parts parts, Launch launch)
    : parts_(parts),
      launch_(std::move(launch)),
      owns_paths_(launch_.predecessor == nullptr),
      upgrade_(Upgrade::Parts{.loop = parts_.server.loop(),
                              .table = parts_.server.pins(),
                              .log = parts_.log,
                              .clock = parts_.clock,
                              .host = *this},
               launch_.command) {}

Result<net::BoundSockets> Succession::open_admin(const SocketAddress& bind) {
  return open_sockets(admin_to_take(), bind, 1);
}

void Succession::close_rest() {
  for (InheritedSockets* const sockets : {&launch_.offer.listeners, &launch_.offer.admin}) {
    for (const std::string& address : sockets->close_rest()) {
      parts_.log.warning(
          "socket_not_used",
          {{"address", address},
           {"detail", follows() ? "the configuration does not listen there any more"
                                : "it was opened for limpet, and no listener is bound to it"}});
    }
  }
}

net::Fd Succession::take_pin_lock(const std::string& file) {
  return launch_.offer.pin_file == file ? std::move(launch_.offer.pin_lock) : net::Fd();
}

Result<bool> Succession::take_over() {
  if (!follows()) {
    return true;
  }
  take_backend_words();
  if (!parts_.server.certificates().tickets().restore(launch_.offer.ticket_keys, parts_.clock.now())) {
    return Error{ErrorCode::Malformed, Side::Self,
                 "the process that is to be followed told no keys of tickets"};
  }
  Predecessor& predecessor = *launch_.predecessor;
  const auto make = [this] { return make_restore(); };
  const auto all = predecessor.receive_pins(make);
  if (!all.ok()) {
    return all.error();
  }
  predecessor.ready();
  const auto changed = predecessor.receive_pins(make);
  if (!changed.ok()) {
    return changed.error();
  }
  auto go = predecessor.await_go();
  if (!go.ok()) {
    return go;
  }
  owns_paths_ = true;
  parts_.log.info("taken_over", {{"predecessor", predecessor.pid()},
                                 {"pins", all->restored + changed->restored},
                                 {"dropped", all->dropped}});
  return true;
}

void Succession::serving() {
  if (!follows()) {
    return;
  }
  served_since_ = parts_.clock.wall_now();
  launch_.predecessor->serving(
      parts_.server.loop(), [this] { return make_restore(); },
      [this] {
        parts_.log.info("predecessor_gone", {{"predecessor", launch_.predecessor->pid()}});
      });
  go_on_draining();
}

std::optional<admin::PredecessorInfo> Succession::predecessor() const {
  if (!follows() || !launch_.predecessor->is_here()) {
    return std::nullopt;
  }
  return admin::PredecessorInfo{
      .pid = launch_.predecessor->pid(), .sessions = launch_.predecessor->sessions(), .since = served_since_};
}

affinity::PinRestore Succession::make_restore() const {
  return {parts_.server.pins(), parts_.server.snapshot()->pools, pin_stamp(parts_.clock.wall_now()),
          parts_.clock.now()};
}

// What was up is up until a probe says otherwise, and what an operator took out stays out.
void Succession::take_backend_words() {
  for (const BackendWord& word : launch_.offer.backends) {
    const affinity::PoolView* const pool = parts_.server.snapshot()->pool_named(word.pool);
    const backends::Backend* const backend = pool != nullptr ? pool->backends.by_name(word.name) : nullptr;
    if (backend != nullptr) {
      backend->state->health.store(word.health, std::memory_order_relaxed);
      backend->state->mode.store(word.mode, std::memory_order_relaxed);
    }
  }
}

// Clients in the middle of a session come back to what an operator drains, and are sent away from here, too.
void Succession::go_on_draining() {
  for (const BackendWord& word : launch_.offer.backends) {
    const affinity::PoolView* const pool = parts_.server.snapshot()->pool_named(word.pool);
    const backends::Backend* const backend = pool != nullptr ? pool->backends.by_name(word.name) : nullptr;
    if (backend != nullptr && word.mode == backends::Mode::Draining) {
      parts_.server.drains().start(
          *pool, *backend,
          {.cause = CloseReason::Drained, .rate = word.rate, .close = word.closes, .author = "predecessor"});
    }
  }
}

std::vector<UpgradeHost::Offered> Succession::sockets_to_offer() const {
  return parts_.server.sockets_to_offer();
}

std::span<const affinity::PoolView> Succession::pools() const {
  return parts_.server.snapshot()->pools;
}

std::string Succession::why_not_replaceable() const {
  if (parts_.server.is_stopping()) {
    return "this process is stopping";
  }
  return predecessor() ? "process " + std::to_string(launch_.predecessor->pid()) +
                             " has sessions left; TERM makes it leave sooner"
                       : "";
}

void Succession::hold_accepting(bool on) {
  for (auto& worker : parts_.server.workers()) {
    worker->hold({on});
  }
}

const DrainOrder* Succession::drain_order(backends::BackendId backend) const {
  const DrainOrder* const order = parts_.server.drains().order(backend);
  return order != nullptr && order->cause == CloseReason::Drained ? order : nullptr;
}

std::string Succession::ticket_keys() {
  return parts_.server.certificates().tickets().save(parts_.clock.now());
}

void Succession::hold_admin(bool on) {
  parts_.server.hold_admin(on);
}

void Succession::on_taken_back() {
  parts_.server.service_manager().ready_as_main();
}

void Succession::on_replaced() {
  parts_.server.on_replaced();
}

std::uint64_t Succession::live_sessions() const {
  return app::live_sessions(*parts_.server.snapshot());
}

}  // namespace limpet::app
