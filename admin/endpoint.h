// Endpoint: the admin HTTP server: accepts on control's loop and owns its connections. Small and strict; what
// is answered stands in routes.h. Control thread.
#pragma once

#include <memory>

#include "admin/connection.h"
#include "admin/source.h"
#include "base/address.h"
#include "base/result.h"
#include "base/slot_list.h"
#include "net/fd.h"
#include "net/listener.h"
#include "net/uv_loop.h"

namespace limpet::admin {

class Endpoint final : private ConnectionOwner {
 public:
  // At most so many clients at once; a further one is answered 503.
  static constexpr std::size_t kMostConnections = 64;

  // `socket` listens on `bound`. `source` and `loop` outlive the endpoint.
  [[nodiscard]] static Result<std::unique_ptr<Endpoint>> start(net::UvLoop& loop, net::Fd socket,
                                                               const SocketAddress& bound, Source& source);
  ~Endpoint();  // cuts what is under way
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

 private:
  Endpoint(net::UvLoop& loop, SocketAddress bound, Source& source);

  void on_accept(net::Fd socket);
  void retire(Connection& connection) override;

  net::UvLoop& loop_;
  SocketAddress bound_;
  Source& source_;
  SlotList<Connection> connections_;
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace limpet::admin
