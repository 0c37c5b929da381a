// How a configuration becomes what a Server runs with: keys, snapshots, and who is told. Declared in
// server.h.
#include <utility>

#include "app/name_watch.h"
#include "app/reload.h"
#include "app/server.h"

namespace limpet::app {

Result<bool> Server::load_keys() {
  PoolBuilder::KeysRead keys = PoolBuilder::read_keys(settings());
  PoolBuilder::make_keys(settings(), keys);
  if (!keys.faults.empty()) {
    return keys.faults.front().error;
  }
  certificates().ask_kernel(settings());
  auto loaded = certificates().load(settings());
  if (const auto* const problems = std::get_if<std::vector<TlsProblem>>(&loaded)) {
    return Error{ErrorCode::Invalid, Side::Self, problems->front().key + ": " + problems->front().detail};
  }
  certificates().commit(std::move(std::get<TlsContexts>(loaded)));
  roster_.builder().use_keys(std::move(keys.codecs));
  return true;
}

void Server::publish(std::vector<proxy::ListenerChange> changes) {
  snapshot_ = roster_.build(settings(), snapshot_.get());
  monitor_.set_targets(roster_.targets(*snapshot_));
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if (changes.empty()) {
      workers_[i]->apply(snapshot_);
    } else {
      changes[i].snapshot = snapshot_;
      workers_[i]->apply(std::move(changes[i]));
    }
  }
  const auto hosts = roster_.hosts();
  roster_.builder().keep_addresses(hosts);
  names_->watch(hosts);
}

void Server::publish_soon() {
  if (!std::exchange(publish_is_due_, true)) {
    publish_letters_.post({});
  }
}

void Server::apply(settings::Settings next, Listeners::Plan plan, std::optional<Author> author) {
  roster_.change(settings(), next, loop_.now());
  if (author) {
    configuration_.accept(std::move(next), *author, clock_.wall_now());
  } else {
    configuration_.accept_run_time(std::move(next));
  }
  listeners_.commit(plan);
  publish(std::move(plan.changes));
}

void Server::on_tick() {
  pins_.expire(loop_.now());
  certificates().warn(log_, clock_.wall_now());
  if (roster_.look(*snapshot_, loop_.now())) {
    publish();
  }
}

void Server::on_hangup() {
  if (is_stopping()) {
    log_.info("reload_ignored", {{"detail", "limpet is stopping"}});
    return;
  }
  static_cast<void>(reload_file(*this, Author::Signal));
}

}  // namespace limpet::app
