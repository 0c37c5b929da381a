#include "net/connector.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

namespace limpet::net {

Result<StreamPtr> start_connect(Loop& loop, const SocketAddress& address) {
  Fd fd(socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) {
    return system_error(errno, Side::Self, "socket");
  }
  if (!address.is_unix()) {
    const int on = 1;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  sockaddr_storage native{};
  const socklen_t length = address.to_native(native);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&native), length) != 0 && errno != EINPROGRESS) {
    return system_error(errno, Side::Backend, "connect");
  }
  return Stream::adopt(loop, std::move(fd));
}

}  // namespace limpet::net
