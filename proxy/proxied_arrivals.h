// ProxiedArrivals: the connections of a worker's listeners with `proxy_protocol: require` until each one's
// PROXY header has been read. What the header says goes into the Arrival; the socket goes on untouched.
// Connections without one, with a malformed or late one, or from a peer that is not trusted, are closed
// without an answer. Owned by the Worker. Worker.
#pragma once

#include <string_view>

#include "base/close_reason.h"
#include "base/slot_list.h"
#include "net/fd.h"
#include "net/proxy_protocol.h"
#include "net/uv_loop.h"
#include "proxy/arrival.h"
#include "proxy/context.h"

namespace limpet::proxy {

class ArrivalReceiver {
 public:
  // The connection counts in Shared::connections already.
  virtual void receive(net::Fd socket, Arrival arrival) = 0;

 protected:
  ~ArrivalReceiver() = default;
};

class ProxiedArrivals {
 public:
  ProxiedArrivals(net::UvLoop& loop, Context& context, ArrivalReceiver& receiver) noexcept;
  ~ProxiedArrivals();
  ProxiedArrivals(const ProxiedArrivals&) = delete;
  ProxiedArrivals& operator=(const ProxiedArrivals&) = delete;

  // A connection that counts in Shared::connections; what does not become an arrival counts no longer.
  void add(net::Fd socket, Arrival arrival);
  void close_all(CloseReason reason);
  [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }

 private:
  class Waiting;

  void end(const Waiting& waiting);
  // The connection is gone, and counts no longer.
  void note_end(CloseReason reason, const SocketAddress& peer, std::string_view detail);

  net::UvLoop& loop_;
  Context& context_;
  ArrivalReceiver& receiver_;
  SlotList<Waiting> waiting_;
};

// What a header makes of an arrival. Pure.
void apply_proxy_header(Arrival& arrival, const net::ProxyHeader& header);

}  // namespace limpet::proxy
