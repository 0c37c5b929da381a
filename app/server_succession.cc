// What a Server gives to the process that follows it, takes from the one before, and tells the service
// manager.
#include <span>
#include <utility>

#include "admin/endpoint.h"
#include "app/pin_file.h"
#include "app/pin_keeper.h"
#include "app/server.h"
#include "app/succession.h"

namespace limpet::app {

void Server::restore_pins() {
  const auto file = pin_file_of(settings());
  if (!file) {
    return;
  }
  pin_keeper_ =
      std::make_unique<PinKeeper>(PinKeeper::Parts{.loop = loop_,
                                                   .table = pins_,
                                                   .log = log_,
                                                   .clock = clock_,
                                                   .pools = [this] { return std::span(snapshot_->pools); }},
                                  *file, succession_->take_pin_lock(*file));
  if (!succession_->follows()) {
    pin_keeper_->restore();
  }
  pin_keeper_->save_every();
}

void Server::tell_service_manager() {
  if (succession_->follows()) {
    service_manager_.ready_as_main();
  } else {
    service_manager_.ready();
  }
  if (const auto every = service_manager_.alive_every()) {
    watchdog_ = std::make_unique<net::Timer>(loop_, *every, [this] { service_manager_.alive(); });
  }
}

std::vector<UpgradeHost::Offered> Server::sockets_to_offer() const {
  std::vector<UpgradeHost::Offered> offered;
  for (const Listeners::Plan::Held& listener : listeners_.held()) {
    offered.push_back(
        {SocketUse::Listener, listener.setting.bind.to_string(), listener.descriptors, listener.lent});
  }
  if (admin_descriptor_ >= 0) {
    offered.push_back(
        {SocketUse::Admin, settings().admin_bind->to_string(), {admin_descriptor_}, admin_is_lent_});
  }
  if (pin_keeper_ != nullptr && pin_keeper_->lock().valid()) {
    offered.push_back({SocketUse::PinLock, pin_keeper_->file(), {pin_keeper_->lock().get()}, false});
  }
  return offered;
}

void Server::hold_admin(bool on) {
  if (admin_ != nullptr) {
    admin_->hold(on);
  }
}

void Server::on_replaced() {
  if (pin_keeper_ != nullptr) {
    pin_keeper_->let_go();
  }
  if (admin_ != nullptr) {
    admin_->leave();
  }
  if (!is_hurried_) {
    begin_stop(CloseReason::Upgrade, settings().upgrade_grace);
  }
}

}  // namespace limpet::app
