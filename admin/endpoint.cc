#include "admin/endpoint.h"

#include <string>
#include <utility>

#include "admin/answer.h"
#include "net/socket_stream.h"

namespace limpet::admin {

Endpoint::Endpoint(net::UvLoop& loop, Setup setup, Source& source)
    : loop_(loop), setup_(std::move(setup)), source_(source) {}

Endpoint::~Endpoint() {
  connections_.for_each([](Connection& connection) { connection.close_now(); });
}

Result<std::unique_ptr<Endpoint>> Endpoint::start(net::UvLoop& loop, net::Fd socket, Setup setup,
                                                  Source& source) {
  std::unique_ptr<Endpoint> endpoint(new Endpoint(loop, std::move(setup), source));
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

void Endpoint::leave() {
  listener_.reset();
  connections_.for_each([](Connection& connection) { connection.leave(); });
}

void Endpoint::make_room() {
  Connection* oldest = nullptr;
  connections_.for_each([&](Connection& one) {
    if (one.awaits_client() && (oldest == nullptr || one.since() < oldest->since())) {
      oldest = &one;
    }
  });
  if (oldest != nullptr) {
    oldest->close_now();
  }
}

void Endpoint::on_accept(net::Fd socket) {
  if (connections_.size() >= setup_.bounds.connections) {
    make_room();
  }
  const bool is_full = connections_.size() >= setup_.bounds.connections;
  auto connection = std::make_unique<Connection>(Connection::Parts{.loop = loop_,
                                                                   .access = setup_.access,
                                                                   .bounds = setup_.bounds,
                                                                   .source = source_,
                                                                   .owner = *this,
                                                                   .texts = texts_},
                                                 net::SocketStream::adopt(loop_, std::move(socket)));
  Connection& added = connections_.add(std::move(connection));
  if (is_full) {
    added.refuse({503, "busy", "too many clients of the admin endpoint at once"});
  }
}

bool Endpoint::has_room_for_stream() const {
  std::size_t streams = 0;
  for (std::size_t slot = 0; slot < connections_.slots(); ++slot) {
    const Connection* const one = connections_.at(slot);
    if (one != nullptr && one->is_streaming()) {
      ++streams;
    }
  }
  return streams < setup_.bounds.streams;
}

void Endpoint::retire(Connection& connection) {
  loop_.bury(connections_.remove(connection));
}

}  // namespace limpet::admin
