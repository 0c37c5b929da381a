#include "proxy/context.h"

#include "proxy/tunnel.h"

namespace limpet::proxy {

Context::Context(net::Loop& worker_loop, net::Connector& to_backends, Shared& all,
                 ConnectionOwner& connection_owner, std::uint64_t seed)
    : loop(worker_loop),
      connector(to_backends),
      shared(all),
      owner(connection_owner),
      random(seed),
      idle(worker_loop),
      departures(*this),
      publishing(*this) {}

Context::~Context() = default;

}  // namespace limpet::proxy
