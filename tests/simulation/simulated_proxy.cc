#include "tests/simulation/simulated_proxy.h"

#include <cerrno>

#include "proxy/tunnel.h"
#include "tests/support/pool_fixture.h"

namespace limpet::test {

namespace {

constexpr Duration kStopGrace = std::chrono::seconds(3);

SocketAddress loopback(std::uint16_t port) {
  return SocketAddress(IpAddress::from_v4({127, 0, 0, 1}), port);
}

proxy::ListenerRulePtr default_rule() {
  return std::make_shared<const proxy::ListenerRule>(proxy::ListenerRule{.pool = "default"});
}

std::vector<SocketAddress> backend_addresses(std::size_t count) {
  constexpr std::uint16_t kFirstPort = 3000;
  std::vector<SocketAddress> addresses;
  for (std::size_t i = 0; i < count; ++i) {
    addresses.push_back(loopback(static_cast<std::uint16_t>(kFirstPort + i)));
  }
  return addresses;
}

}  // namespace

Result<net::Connecting> MemoryConnector::connect(const SocketAddress&) {
  if (next == Next::Refused) {
    return system_error(ECONNREFUSED, Side::Backend, "connect");
  }
  if (next == Next::OutOfDescriptors) {
    return system_error(EMFILE, Side::Self, "socket");
  }
  if (next == Next::OutOfPorts) {
    return system_error(EADDRNOTAVAIL, Side::Self, "connect");
  }
  auto pipe = std::make_shared<MemoryPipe>();
  pipe->connected = next != Next::Waits;
  opened.push_back(pipe);
  return net::Connecting{loop_.open(std::move(pipe)), next == Next::IsConnected};
}

SimulatedProxy::SimulatedProxy(std::size_t backends, const std::function<void(proxy::Snapshot&)>& adjust)
    : context_(loop_, connector_, shared_, *this, 1) {
  auto snapshot = std::make_shared<proxy::Snapshot>();
  snapshot->generation = 1;
  snapshot->access_log = false;
  snapshot->pools.push_back(pool_at(backend_addresses(backends)));
  if (adjust) {
    adjust(*snapshot);
  }
  context_.snapshot = std::move(snapshot);
}

SimulatedProxy::~SimulatedProxy() {
  context_.sessions.for_each([](proxy::Tunnel& tunnel) { tunnel.cut(CloseReason::Shutdown); });
  connections_.for_each(
      [](proxy::ClientConnection& connection) { connection.close_now(CloseReason::Shutdown); });
  context_.idle.clear();
  loop_.turn();
}

PipePtr SimulatedProxy::connect_client() {
  auto pipe = std::make_shared<MemoryPipe>();
  shared_.connections.fetch_add(1);
  context_.counters.add(Counter::Connections);
  connections_.add(std::make_unique<proxy::ClientConnection>(
      context_, loop_.open(pipe), proxy::Arrival{.peer = loopback(50'000), .listener = default_rule()}));
  return pipe;
}

void SimulatedProxy::stop() {
  context_.stopping = true;
  context_.idle.clear();
  connections_.for_each([](proxy::ClientConnection& connection) { connection.leave(); });
  send_everybody_away(CloseReason::Shutdown, kStopGrace);
}

void SimulatedProxy::send_everybody_away(CloseReason cause, Duration grace) {
  for (const affinity::PoolView& pool : context_.snapshot->pools) {
    for (const backends::Backend& backend : pool.backends.all()) {
      static_cast<void>(
          send_away({.backend = backend.id, .cause = cause, .most = kEverybody, .grace = grace}));
    }
  }
}

void SimulatedProxy::retire(proxy::ClientConnection& connection) {
  loop_.bury(connections_.remove(connection));
}

proxy::SessionState SimulatedProxy::state(std::size_t index) const noexcept {
  const auto* const connection = index < connections_.slots() ? connections_.at(index) : nullptr;
  return connection == nullptr ? proxy::SessionState::Closing : connection->state();
}

std::string SimulatedProxy::fault() {
  std::string found;
  connections_.for_each([&found](proxy::ClientConnection& connection) {
    if (!connection.has_deadline()) {
      found = "a connection waits without a deadline while " + std::string(phrase(connection.state()));
    }
  });
  context_.sessions.for_each([&found](proxy::Tunnel& tunnel) {
    if (!tunnel.has_deadline()) {
      found = "a tunnel waits without a deadline";
    }
  });
  if (shared_.connections.load() != connections_.size() + context_.sessions.size()) {
    found = "the count of open connections is wrong";
  }
  constexpr std::size_t kChunksARead = net::Loop::kScratchBytes / net::Chunk::kBytes + 2;
  if (loop_.chunks().out() > 2 * kChunksARead * (connections_.size() + context_.sessions.size())) {
    found = "more is kept than one read and one head a direction";
  }
  return found;
}

std::string SimulatedProxy::fault_at_the_end() {
  if (!connections_.empty() || !context_.sessions.empty()) {
    return "somebody is still there after every bound has passed";
  }
  if (loop_.open_streams() != 0) {
    return "a stream is left over";
  }
  if (loop_.chunks().out() != 0) {
    return "a chunk is left over";
  }
  if (counters().get(Counter::SessionsOpened) != counters().get(Counter::SessionsEnded)) {
    return "a session did not end once";
  }
  std::uint64_t opened = 0;
  std::uint64_t ended = 0;
  for (const affinity::PoolView& pool : context_.snapshot->pools) {
    for (const backends::Backend& backend : pool.backends.all()) {
      if (backend.state->load() != 0) {
        return "a backend is charged with a session or request that is over";
      }
      backend.state->traffic.for_each([&](const backends::Traffic& traffic) {
        opened += traffic.opened.get();
        for (const Tally& reason : traffic.ended) {
          ended += reason.get();
        }
      });
    }
  }
  const bool is_whole =
      context_.snapshot->pools.size() == 1;  // none was taken away, with what was counted there
  if (is_whole && (opened != counters().get(Counter::SessionsOpened) || ended != opened)) {
    return "the sessions of the backends are not those of the worker";
  }
  for (const affinity::PinView& pin : pins_.list(0, 1000, {}, loop_.now()).entries) {
    if (pin.sessions != 0) {
      return "a pin counts a session that is over";
    }
  }
  return {};
}

}  // namespace limpet::test
