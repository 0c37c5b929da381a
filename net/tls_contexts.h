// TlsContexts: what one loop makes the connections of a listener from: contexts of the library, one for each
// set of certificates that stands side by side for a name, made when the first client asks for one of them. A
// loop has its own because a context says whether the library tells secrets, and that changes within a
// handshake. Owned by the TlsEngine. One thread.
#pragma once

#include <map>
#include <memory>
#include <string_view>

#include "net/tls_server.h"

struct ssl_ctx_st;
struct ssl_st;

namespace limpet::net {

class TlsContexts {
 public:
  // `server` outlives this, and this the handshakes of its connections.
  explicit TlsContexts(const TlsServer& server) noexcept : server_(server) {}
  TlsContexts(const TlsContexts&) = delete;
  TlsContexts& operator=(const TlsContexts&) = delete;

  // Null when there is no memory.
  [[nodiscard]] ssl_st* make_connection();
  // Before a step of a handshake: of those secrets that are wanted the library is to tell, and of no others,
  // since it prints each at the cost of a fiftieth of the handshake.
  static void choose_secrets(const ssl_st* connection) noexcept;

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const noexcept;
  };

  // Null when there is no memory.
  [[nodiscard]] ssl_ctx_st* context_for(std::string_view name);
  static int on_server_name(ssl_st* connection, int* alert, void* contexts);
  static void on_step(const ssl_st* connection, int where, int value) noexcept;

  const TlsServer& server_;
  std::map<TlsNames::Set, std::unique_ptr<ssl_ctx_st, Free>> by_set_;
};

}  // namespace limpet::net
