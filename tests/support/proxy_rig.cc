#include "tests/support/proxy_rig.h"

#include <sys/socket.h>

#include <limits>

#include "net/listener.h"
#include "tests/support/catch.h"
#include "tests/support/pool_fixture.h"

namespace limpet::test {

ProxyRig::ProxyRig(std::size_t backend_count, const std::function<void(proxy::Snapshot&)>& adjust,
                   const std::function<void(proxy::ListeningSocket&)>& listen) {
  std::vector<SocketAddress> addresses;
  for (std::size_t i = 0; i < backend_count; ++i) {
    servers_.push_back(std::make_unique<WireServer>());
    addresses.push_back(servers_.back()->address());
  }
  auto snapshot = std::make_shared<proxy::Snapshot>();
  snapshot->generation = 1;
  snapshot->access_log = false;
  snapshot->pools.push_back(pool_at(addresses));
  for (const backends::Backend& backend : snapshot->pools.front().backends.all()) {
    states_.push_back(backend.state);
  }
  if (adjust) {
    adjust(*snapshot);
  }
  auto bound = net::bind_sockets(SocketAddress(IpAddress::from_v4({127, 0, 0, 1}), 0), 1);
  REQUIRE(bound.ok());
  address_ = bound->address;
  // Accepted sockets inherit it: what a slow client does not take is soon the proxy's to keep.
  ::setsockopt(bound->sockets.front().get(), SOL_SOCKET, SO_SNDBUF, &kSlowBuffer, sizeof(kSlowBuffer));
  std::vector<proxy::ListeningSocket> sockets;
  sockets.push_back({.socket = std::move(bound->sockets.front()), .rule = {.pool = "default"}});
  if (listen) {
    listen(sockets.back());
  }
  worker_ = std::make_unique<proxy::Worker>(shared_, std::move(snapshot), std::move(sockets), 1);
  worker_->start(left_);
}

ProxyRig::~ProxyRig() {
  worker_->stop();
  worker_->join();
}

void ProxyRig::join() {
  control_.run();
  worker_->stop();
  worker_->join();
}

void ProxyRig::leave(Duration grace) {
  worker_->stop_accepting();
  for (std::size_t i = 0; i < states_.size(); ++i) {
    worker_->send_away({.backend = static_cast<backends::BackendId>(i + 1),
                        .cause = CloseReason::Shutdown,
                        .most = std::numeric_limits<std::size_t>::max(),
                        .grace = grace});
  }
}

ProxyRig::Session ProxyRig::open_session() {
  Wire client = connect_client();
  client.send(kUpgrade);
  Wire backend = servers_[0]->accept();
  static_cast<void>(backend.read_head());
  backend.send(kSwitch);
  static_cast<void>(client.read_head());
  return {std::move(client), std::move(backend)};
}

}  // namespace limpet::test
