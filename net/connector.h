// Opening connections: starts, never waits. One thread: that of the loop.
#pragma once

#include <limits>

#include "base/address.h"
#include "base/result.h"
#include "net/stream.h"
#include "net/uv_loop.h"

namespace limpet::net {

class Connector {
 public:
  // A stream whose connect is under way (or done): watch it for writability, then ask take_socket_error().
  [[nodiscard]] virtual Result<StreamPtr> connect(const SocketAddress& address) = 0;

 protected:
  ~Connector() = default;
};

// Over sockets of our own, with TCP_NODELAY.
class SocketConnector final : public Connector {
 public:
  // Sockets numbered `below` or higher are not used: see DescriptorBounds.
  explicit SocketConnector(UvLoop& loop, int below = std::numeric_limits<int>::max()) noexcept
      : loop_(loop), below_(below) {}

  [[nodiscard]] Result<StreamPtr> connect(const SocketAddress& address) override;

 private:
  UvLoop& loop_;
  int below_;
};

}  // namespace limpet::net
