#include "app/launch.h"

#include <utility>

#include "net/service_manager.h"

namespace limpet::app {

Result<Launch> Launch::of_this_process() {
  Launch launch;
  if (auto command = StartCommand::of_this_process(); command.ok()) {
    launch.command = std::move(command).value();
  }
  if (net::Fd line = line_to_predecessor(); line.valid()) {
    launch.predecessor = std::make_unique<Predecessor>(std::move(line));
    auto offer = launch.predecessor->receive_offer();
    if (!offer.ok()) {
      launch.fail(offer.error().detail);
      return offer.error();
    }
    launch.offer = std::move(offer).value();
    return launch;
  }
  for (net::ActivatedSocket& activated : net::activated_sockets()) {
    std::vector<net::Fd> sockets;
    sockets.push_back(std::move(activated.socket));
    launch.offer.listeners.add({}, std::move(sockets), true, true);
  }
  return launch;
}

}  // namespace limpet::app
