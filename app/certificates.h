// Certificates: turns the tls sections of the settings into what listeners and connections to backends use.
// Keeps what must outlive a reload: the keys of session tickets, the counts, and every context whose files
// and rules have not changed, so that its sessions go on being resumed and its probes undisturbed. Control
// thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "admin/tls_info.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/tls_client.h"
#include "net/tls_server.h"
#include "settings/difference.h"
#include "settings/places.h"
#include "settings/settings.h"

namespace limpet::app {

// Everything that the settings ask for; immutable.
struct TlsContexts {
  std::map<std::string, net::TlsServerPtr, std::less<>> listeners;            // by listener_tls_key()
  std::map<std::pair<std::string, std::string>, net::TlsClientPtr> backends;  // by pool and name
};

// One mistake, at a key of the settings as messages name it: "listeners[0].tls.certificates[1].key".
struct TlsProblem {
  std::string key;
  std::string detail;
};

// What a listener's TLS is called in TlsContexts ; empty for plain TCP. Listeners
// are told apart by their address, and by their place where the kernel chooses the port.
[[nodiscard]] std::string listener_tls_key(const std::vector<settings::Listener>& listeners,
                                           std::size_t listener);

class Certificates {
 public:
  // How long before its end a certificate is warned about.
  static constexpr auto kWarnFor = std::chrono::hours(24 * 21);

  Certificates();

  // Whether the kernel seals, for what is loaded from now on. It is asked once, when there is a listener that
  // would use it: a kernel may load its module when it is asked, so whoever only checks a file does not.
  void ask_kernel(const settings::Settings& settings);
  // Reads all files again. With problems nothing has changed.
  [[nodiscard]] std::variant<TlsContexts, std::vector<TlsProblem>> load(const settings::Settings& settings);
  // Makes what load() gave the present. Backends that are not in it keep theirs: some are leaving, and their
  // clients may still come.
  void commit(TlsContexts contexts);
  // For a change at run time, from `running` to `next`: reads the files of backends that are new or speak
  // otherwise, and makes them the present. What else there is stays, whatever its files are by now: they may
  // be in the middle of a renewal. With problems nothing has changed.
  [[nodiscard]] std::vector<TlsProblem> change_backends(const settings::Settings& running,
                                                        const settings::Settings& next);
  [[nodiscard]] const TlsContexts& contexts() const noexcept { return contexts_; }

  [[nodiscard]] net::TlsTickets& tickets() noexcept { return *shared_.tickets; }

  // Writes a line for each certificate that ends soon or has ended, and for each key that others may read;
  // again once a day.
  void warn(Log& log, WallTime now);

  // Of a listener's certificates, for people; none of a listener in plain TCP.
  [[nodiscard]] static std::vector<admin::CertificateInfo> infos(const net::TlsServerPtr& listener,
                                                                 WallTime now);
  [[nodiscard]] const net::TlsCounts& client_counts() const noexcept { return *shared_.counts; }
  [[nodiscard]] const net::TlsCounts& backend_counts() const noexcept { return *backend_counts_; }

 private:
  void load_listeners(const settings::Settings& settings, TlsContexts& contexts,
                      std::vector<TlsProblem>& problems) const;
  // Of those that `running` has the same the files are not read; null = all are read.
  void load_backends(const settings::Settings& settings, const settings::Settings* running,
                     TlsContexts& contexts, std::vector<TlsProblem>& problems) const;

  net::TlsShared shared_;  // of the clients' side
  std::shared_ptr<net::TlsCounts> backend_counts_;
  TlsContexts contexts_;
  WallTime next_warning_{};
  bool has_asked_kernel_ = false;
};

// What is new in the files alone, each as a change of its `tls` section, if there is none of that in
// `changes`.
void add_renewals(const TlsContexts& from, const TlsContexts& to, std::vector<settings::Change>& changes);

[[nodiscard]] admin::TlsTotals tls_totals(const net::TlsCounts& counts);

// What is wrong with the files, each at its key.
[[nodiscard]] settings::Problems problems_of(const std::vector<TlsProblem>& problems,
                                             const settings::Places& places);

}  // namespace limpet::app
