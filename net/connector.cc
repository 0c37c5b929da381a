#include "net/connector.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "net/acknowledgements.h"
#include "net/socket_stream.h"

namespace limpet::net {

namespace {

// Whether a connect failed for want of something of our own (EADDRNOTAVAIL: every local port is in use
// towards that address): the backend is not to blame.
bool is_own_shortage(int error_number) noexcept {
  return error_number == ENOBUFS || error_number == ENOMEM || error_number == EADDRNOTAVAIL;
}

}  // namespace

Result<Connecting> SocketConnector::connect(const SocketAddress& address) {
  Fd fd(socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid() || fd.get() >= below_) {
    return system_error(fd.valid() ? EMFILE : errno, Side::Self, "socket");
  }
  if (!address.is_unix()) {
    const int on = 1;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    ride_acknowledgements(fd);
  }
  sockaddr_storage native{};
  const socklen_t length = address.to_native(native);
  const auto* const peer = reinterpret_cast<const sockaddr*>(&native);
  bool is_connected = ::connect(fd.get(), peer, length) == 0;
  if (!is_connected && errno != EINPROGRESS) {
    const int failed = errno;
    return system_error(failed, is_own_shortage(failed) ? Side::Self : Side::Backend, "connect");
  }
  if (!is_connected) {
    // On the same machine the answer is there by now: one call more, against four to hear of it from the
    // poller. A refusal is told there as well.
    is_connected = ::connect(fd.get(), peer, length) == 0 || errno == EISCONN;
    if (!is_connected && errno != EALREADY && errno != EINPROGRESS) {
      return system_error(errno, Side::Backend, "connect");
    }
  }
  return Connecting{SocketStream::adopt(loop_, std::move(fd)), is_connected};
}

}  // namespace limpet::net
