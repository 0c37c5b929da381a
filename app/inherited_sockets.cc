#include "app/inherited_sockets.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace limpet::app {

void InheritedSockets::add(std::string bind, std::vector<net::Fd> sockets, bool begins, bool lent) {
  if (sockets.empty()) {
    return;
  }
  if (!begins && !entries_.empty() && entries_.back().bind == bind) {
    std::ranges::move(sockets, std::back_inserter(entries_.back().sockets));
    return;
  }
  const SocketAddress address = net::local_address(sockets.front());
  entries_.push_back({std::move(bind), address, std::move(sockets), lent});
}

std::vector<InheritedSockets::Entry>::const_iterator InheritedSockets::find(const SocketAddress& bind) const {
  return std::ranges::find_if(entries_, [&bind, text = bind.to_string()](const Entry& entry) {
    return entry.bind == text || entry.address == bind;
  });
}

bool InheritedSockets::is_lent(const SocketAddress& bind) const {
  const auto found = find(bind);
  return found != entries_.end() && found->lent;
}

std::vector<net::Fd> InheritedSockets::take(const SocketAddress& bind) {
  const auto found = find(bind);
  if (found == entries_.end()) {
    return {};
  }
  const auto entry = entries_.begin() + (found - entries_.cbegin());
  std::vector<net::Fd> sockets = std::move(entry->sockets);
  entries_.erase(entry);
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
