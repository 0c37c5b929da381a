// Listeners: what the Server listens on for clients. Binds, knows what is bound, and says what each worker
// has to change; it hands the sockets out and keeps none. Control thread.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "app/certificates.h"
#include "app/inherited_sockets.h"
#include "base/address.h"
#include "net/listener.h"
#include "net/mailbox.h"
#include "proxy/worker_listeners.h"
#include "settings/places.h"
#include "settings/settings.h"

namespace limpet::app {

// A listener that was bound, for people.
struct BoundListener {
  SocketAddress address;
  std::string pool;
  net::TlsServerPtr tls{};  // null = plain TCP
};

class Listeners {
 public:
  Listeners(net::UvLoop& loop, std::size_t workers);
  ~Listeners();  // removes the files of Unix sockets

  // A change that is ready: everything new is bound and listens, and nobody has been told. Dropped without
  // commit() it has not happened.
  struct Plan {
    struct Held {
      settings::Listener setting;
      SocketAddress address;
      proxy::ListenerId id = 0;
      std::vector<int> descriptors{};  // of the workers, until they stop accepting
      bool lent = false;               // by a service manager: the file of a Unix socket is not ours
      proxy::ListenerRule rule{};      // what the workers were told
    };
    std::vector<Held> held;                      // what is listened on afterwards
    std::vector<proxy::ListenerChange> changes;  // one a worker, without a snapshot
    settings::Problems problems;                 // what could not be bound
    std::vector<SocketAddress> opened;
    std::vector<SocketAddress> made;  // of them those that were not inherited
  };
  // `places`: where the listeners stand in the file; `tls`: what those speak that speak TLS. `inherited`:
  // sockets to take rather than to bind, where there are any.
  [[nodiscard]] Plan plan(const std::vector<settings::Listener>& listeners, const settings::Places& places,
                          const TlsContexts& tls = {}, InheritedSockets* inherited = nullptr);
  // Requires a plan without problems that was made after the last commit(). Its changes are for the caller.
  void commit(const Plan& plan);
  // Undoes what making the plan has left behind, for one that is not committed.
  static void discard(const Plan& plan);

  [[nodiscard]] std::vector<BoundListener> bound() const;
  [[nodiscard]] const std::vector<Plan::Held>& held() const noexcept { return held_; }
  // The files of Unix sockets are another process's now.
  void leave_files() noexcept { owns_files_ = false; }
  [[nodiscard]] std::size_t workers() const noexcept { return workers_; }

 private:
  // A listener of the settings, how its failure is told, and what it speaks.
  struct Wanted {
    const settings::Listener& listener;
    settings::Problem problem;
    net::TlsServerPtr tls;  // null = plain TCP
  };
  void bind_new(Plan& plan, const Wanted& wanted, InheritedSockets* inherited);
  [[nodiscard]] bool is_port_ours(const SocketAddress& address) const;
  void on_closed(proxy::ListenerId id);

  struct Closing {
    SocketAddress address;
    std::size_t workers = 0;  // that have not closed it yet
  };

  std::size_t workers_;
  std::vector<Plan::Held> held_;
  std::map<proxy::ListenerId, Closing> closing_;
  proxy::ListenerId last_id_ = 0;
  bool owns_files_ = true;
  net::Mailbox<proxy::ListenerClosed> closed_;
};

}  // namespace limpet::app
