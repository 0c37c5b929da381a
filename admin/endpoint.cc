#include "admin/endpoint.h"

#include <string>
#include <utility>

#include "admin/answer.h"
#include "net/socket_stream.h"

namespace limpet::admin {

namespace {

// Clients that are being told that the endpoint is busy; those beyond are just closed.
constexpr std::size_t kMostRefusals = 64;

}  // namespace

Endpoint::Endpoint(net::UvLoop& loop, SocketAddress bound, Source& source)
    : loop_(loop), bound_(std::move(bound)), source_(source) {}

Endpoint::~Endpoint() {
  connections_.for_each([](Connection& connection) { connection.close_now(); });
}

Result<std::unique_ptr<Endpoint>> Endpoint::start(net::UvLoop& loop, net::Fd socket,
                                                  const SocketAddress& bound, Source& source) {
  std::unique_ptr<Endpoint> endpoint(new Endpoint(loop, bound, source));
  Endpoint& self = *endpoint;
  auto listener = net::Listener::start(
      loop, std::move(socket),
      [&self](net::Fd accepted, const SocketAddress&) { self.on_accept(std::move(accepted)); });
  if (!listener.ok()) {
    return listener.error();
  }
  endpoint->listener_ = std::move(listener).value();
  return endpoint;
}

void Endpoint::on_accept(net::Fd socket) {
  if (connections_.size() >= kMostConnections + kMostRefusals) {
    return;
  }
  auto stream = net::SocketStream::adopt(loop_, std::move(socket));
  if (!stream.ok()) {
    return;
  }
  auto connection = std::make_unique<Connection>(
      Connection::Parts{.loop = loop_, .bound = bound_, .source = source_, .owner = *this},
      std::move(stream).value());
  const bool is_full = connections_.size() >= kMostConnections;
  Connection& added = connections_.add(std::move(connection));
  if (is_full) {
    added.refuse({503, "busy", "too many clients of the admin endpoint at once"});
  }
}

void Endpoint::retire(Connection& connection) {
  loop_.bury(connections_.remove(connection));
}

}  // namespace limpet::admin
