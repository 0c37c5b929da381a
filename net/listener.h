// Listening sockets. bind_sockets() binds one address for several workers at once (SO_REUSEPORT, one socket
// each), so that a port in use is found before anything starts; Listener accepts on one of them. Control
// opens, a worker accepts.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "base/address.h"
#include "base/clock.h"
#include "base/result.h"
#include "net/fd.h"
#include "net/uv_loop.h"

namespace limpet::net {

// Connections that the kernel keeps until they are accepted, a socket.
inline constexpr int kBacklog = 4096;

struct BoundSockets {
  std::vector<Fd> sockets;  // one a worker, listening
  SocketAddress address;    // with the port the kernel chose where 0 was asked for
};

enum class PortUse : std::uint8_t {
  Alone,       // nobody else may listen on the port
  BesideOurs,  // this process does, for a moment: whether somebody else does too cannot be told
};

// Binds `address` `count` times. What accepted sockets inherit (TCP_NODELAY, keep-alive) is set here, once. A
// stale Unix socket file that nobody listens on is replaced; all workers share one Unix socket.
[[nodiscard]] Result<BoundSockets> bind_sockets(const SocketAddress& address, std::size_t count,
                                                PortUse use = PortUse::Alone);

// Takes sockets that listen already, of another process: at least `least` of them, the missing ones bound
// anew where the port can be shared, else further descriptors of the first. There may be more than `least`.
// Requires one at least; fails where one does not listen. Those that were bound anew do not listen before a
// Listener is started on them: nobody is to wait for a process that may not come up.
[[nodiscard]] Result<BoundSockets> adopt_sockets(std::vector<Fd> sockets, std::size_t least);
// Listens, if it does not yet.
[[nodiscard]] std::optional<Error> listen_on(const Fd& socket);
// This end of a socket that is bound or connected.
[[nodiscard]] SocketAddress local_address(const Fd& socket);

// What a Listener does when it was not told otherwise is right for everything but clients.
struct ListenerOptions {
  // A socket numbered so or higher waits, and accepting with it, until a lower number is free: see
  // DescriptorBounds.
  int below = std::numeric_limits<int>::max();
  // Asked before each accept; while it says no, accepting rests.
  std::function<bool()> has_room = [] { return true; };
  // Accepting rests for a moment, out of descriptors or memory.
  std::function<void()> on_rest = [] {};
  // accept4(2) with the flags it needs; tests put failures in its place.
  std::function<int(int socket, sockaddr* peer, socklen_t* length)> accept = {};
};

class Listener {
 public:
  // Out of descriptors: how long accepting rests before it is tried again.
  static constexpr Duration kRest{100};

  using OnAccept = std::function<void(Fd, const SocketAddress& peer)>;

  // Starts accepting. `on_accept` gets non-blocking sockets.
  [[nodiscard]] static Result<std::unique_ptr<Listener>> start(UvLoop& loop, Fd socket, OnAccept on_accept,
                                                               ListenerOptions options = {});
  ~Listener();  // stops accepting and closes the socket; the kernel resets who waits in its queue
  // Accepts who waits in the queue now. For the moment before it is closed.
  void accept_queued();
  // While it is held nobody is accepted: clients wait in the queue of the socket.
  void hold(bool on);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

 private:
  struct Inner;  // outlives the Listener until libuv lets go of its timer
  explicit Listener(Inner* inner) noexcept : inner_(inner) {}

  Inner* inner_;
};

}  // namespace limpet::net
