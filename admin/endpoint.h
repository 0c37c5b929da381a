// Endpoint: the admin HTTP server: accepts on control's loop and owns its connections. Small and strict; what
// is answered stands in routes.h. Control thread.
#pragma once

#include <memory>

#include "admin/connection.h"
#include "admin/guard.h"
#include "admin/source.h"
#include "base/result.h"
#include "base/slot_list.h"
#include "net/fd.h"
#include "net/listener.h"
#include "net/uv_loop.h"

namespace limpet::admin {

class Endpoint final : private ConnectionOwner {
 public:
  struct Setup {
    Access access;
    Bounds bounds{};
  };
  // `socket` listens on the address of `setup.access`. `source` and `loop` outlive the endpoint.
  [[nodiscard]] static Result<std::unique_ptr<Endpoint>> start(net::UvLoop& loop, net::Fd socket, Setup setup,
                                                               Source& source);
  ~Endpoint();  // cuts what is under way
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  // Somebody else answers from now on: nobody is accepted, and who is here gets one answer more at most.
  void leave();
  // While it is held nobody is accepted: callers wait in the queue of the socket.
  void hold(bool on) { listener_->hold(on); }

  // Clients at the moment: at most one more than Bounds::connections, which is being told that it is too
  // many.
  [[nodiscard]] std::size_t connections() const noexcept { return connections_.size(); }

 private:
  Endpoint(net::UvLoop& loop, Setup setup, Source& source);

  void make_room();
  void on_accept(net::Fd socket);
  void retire(Connection& connection) override;
  [[nodiscard]] bool has_room_for_stream() const override;

  net::UvLoop& loop_;
  Setup setup_;
  Source& source_;
  StreamTexts texts_;
  SlotList<Connection> connections_;
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace limpet::admin
