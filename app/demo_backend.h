// DemoBackend: a small WebSocket and HTTP server that names itself: what `limpet demo` balances over. Text
// messages come back with its name in front, binary ones as they are; GET / is a page to try it in a browser.
// One thread.
#pragma once

#include <memory>
#include <string>

#include "base/address.h"
#include "base/result.h"
#include "net/listener.h"
#include "net/uv_loop.h"

namespace limpet::app {

class DemoBackend {
 public:
  // Listens on a free loopback port of `loop`.
  [[nodiscard]] static Result<std::unique_ptr<DemoBackend>> start(net::UvLoop& loop, std::string name);
  ~DemoBackend();
  DemoBackend(const DemoBackend&) = delete;
  DemoBackend& operator=(const DemoBackend&) = delete;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const SocketAddress& address() const noexcept { return address_; }

 private:
  class Connection;
  struct Connections;
  DemoBackend(net::UvLoop& loop, std::string name);
  void on_accept(net::Fd socket);

  net::UvLoop& loop_;
  std::string name_;
  SocketAddress address_;
  std::unique_ptr<Connections> connections_;
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace limpet::app
