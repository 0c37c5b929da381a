#include "app/inherited_sockets.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace limpet::app {

void InheritedSockets::add(std::string bind, std::vector<net::Fd> sockets, bool begins) {
  if (sockets.empty()) {
    return;
  }
  if (!begins && !entries_.empty() && entries_.back().bind == bind) {
    std::ranges::move(sockets, std::back_inserter(entries_.back().sockets));
    return;
  }
  const SocketAddress address = net::bound_address(sockets.front());
  entries_.push_back({std::move(bind), address, std::move(sockets)});
}

std::vector<net::Fd> InheritedSockets::take(const SocketAddress& bind) {
  const auto found = std::ranges::find_if(entries_, [&bind, text = bind.to_string()](const Entry& entry) {
    return entry.bind == text || entry.address == bind;
  });
  if (found == entries_.end()) {
    return {};
  }
  std::vector<net::Fd> sockets = std::move(found->sockets);
  entries_.erase(found);
  return sockets;
}

std::vector<std::string> InheritedSockets::close_rest() {
  std::vector<std::string> rest;
  for (const Entry& entry : std::exchange(entries_, {})) {
    rest.push_back(entry.address.to_string());
  }
  return rest;
}

Result<net::BoundSockets> open_sockets(InheritedSockets& inherited, const SocketAddress& bind,
                                       std::size_t count) {
  auto taken = inherited.take(bind);
  return taken.empty() ? net::bind_sockets(bind, count) : net::adopt_sockets(std::move(taken), count);
}

}  // namespace limpet::app
