// InheritedSockets: listening sockets that this process was given, by a predecessor or by a service manager,
// until somebody who is configured for their address takes them. Control thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "net/fd.h"
#include "net/listener.h"

namespace limpet::app {

class InheritedSockets {
 public:
  // `bind`: as it was configured there ("127.0.0.1:0"), or empty; further sockets of the same one follow it.
  // With `begins` another one begins, although it may be configured alike.
  // `lent`: by a service manager, whose file of a Unix socket it is, for ever.
  void add(std::string bind, std::vector<net::Fd> sockets, bool begins = true, bool lent = false);

  // Of what take() would give.
  [[nodiscard]] bool is_lent(const SocketAddress& bind) const;

  // The first that is configured alike or bound there; each is taken once.
  [[nodiscard]] std::vector<net::Fd> take(const SocketAddress& bind);
  // What nobody wants, for people; closes it.
  [[nodiscard]] std::vector<std::string> close_rest();

 private:
  struct Entry {
    std::string bind;
    SocketAddress address;
    std::vector<net::Fd> sockets;  // not empty
    bool lent = false;
  };
  [[nodiscard]] std::vector<Entry>::const_iterator find(const SocketAddress& bind) const;
  std::vector<Entry> entries_;
};

// At least `count` sockets for `bind`: inherited ones where there are any, else bound anew.
[[nodiscard]] Result<net::BoundSockets> open_sockets(InheritedSockets& inherited, const SocketAddress& bind,
                                                     std::size_t count);

}  // namespace limpet::app
