// Opening connections: starts, never waits. One thread: that of the loop.
#pragma once

#include <limits>

#include "base/address.h"
#include "base/result.h"
#include "net/stream.h"
#include "net/uv_loop.h"

namespace limpet::net {

struct Connecting {
  StreamPtr stream;
  // The peer is near and has answered already. Otherwise watch it for writability, then ask
  // take_socket_error().
  bool is_connected = false;
};

class Connector {
 public:
  [[nodiscard]] virtual Result<Connecting> connect(const SocketAddress& address) = 0;

 protected:
  ~Connector() = default;
};

// Over sockets of our own, with TCP_NODELAY.
class SocketConnector final : public Connector {
 public:
  explicit SocketConnector(UvLoop& loop) noexcept : loop_(loop) {}
  void use_below(int below) noexcept { below_ = below; }

  [[nodiscard]] Result<Connecting> connect(const SocketAddress& address) override;

 private:
  UvLoop& loop_;
  int below_ = std::numeric_limits<int>::max();  // sockets from here on are not used: see DescriptorBounds
};

}  // namespace limpet::net
