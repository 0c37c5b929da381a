// TlsServer: what a listener needs to speak TLS: its certificates by name, its rules, the keys of its
// tickets. Made by control from files, immutable, shared by all workers and by every stream that was accepted
// with it. Any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "net/kernel_tls.h"
#include "net/tls_certificate.h"
#include "net/tls_facts.h"
#include "net/tls_names.h"
#include "net/tls_tickets.h"

struct ssl_ctx_st;

namespace limpet::net {

struct TlsServerOptions {
  std::vector<TlsFiles> certificates;  // at least one; the first also serves whoever asks for no name we have
  bool only_tls13 = false;
  std::string client_ca{};  // PEM file; empty = clients need no certificate
  bool kernel_tls = true;   // whether the kernel may seal, where it can
};

struct TlsCertificateFacts {
  std::vector<std::string> names;
  WallTime not_after{};
  std::string file;
  std::string key_file;
  bool key_is_open = false;  // others may read the key file

  friend bool operator==(const TlsCertificateFacts&, const TlsCertificateFacts&) = default;
};

// What outlives a reload. Any thread.
struct TlsShared {
  std::shared_ptr<TlsTickets> tickets;
  std::shared_ptr<TlsCounts> counts;
  KernelTls kernel{};
};

class TlsServer;
using TlsServerPtr = std::shared_ptr<const TlsServer>;

class TlsServer {
 public:
  // Reads and checks all files; every mistake is told.
  [[nodiscard]] static std::variant<TlsServerPtr, TlsTroubles> load(const TlsServerOptions& options,
                                                                    const TlsShared& shared);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  // Which certificates serve a name.
  [[nodiscard]] const TlsNames& names() const noexcept;
  // A context of the library with such certificates, the caller's; null when there is no memory. This
  // outlives it.
  [[nodiscard]] ssl_ctx_st* make_context(const TlsNames::Set& set) const;
  [[nodiscard]] bool asks_for_certificates() const noexcept { return asks_for_certificates_; }
  [[nodiscard]] bool lets_kernel_seal(TlsSuite suite) const noexcept {
    return may_use_kernel_ && shared_.kernel.seals(suite);
  }
  [[nodiscard]] KernelTlsUse kernel_tls() const noexcept { return shared_.kernel.use(may_use_kernel_); }
  [[nodiscard]] TlsTickets& tickets() const noexcept { return *shared_.tickets; }
  [[nodiscard]] TlsCounts& counts() const noexcept { return *shared_.counts; }

  [[nodiscard]] const std::vector<TlsCertificateFacts>& certificates() const noexcept { return facts_; }
  // Two with the same were made from the same options and contents.
  [[nodiscard]] const std::string& fingerprint() const noexcept { return fingerprint_; }

 private:
  struct Parts;  // what was read

  explicit TlsServer(TlsShared shared);
  [[nodiscard]] TlsTroubles build(const TlsServerOptions& options);
  [[nodiscard]] bool set_up(ssl_ctx_st* context) const;

  TlsShared shared_;
  std::unique_ptr<Parts> parts_;
  std::vector<TlsCertificateFacts> facts_;
  std::string fingerprint_;
  bool asks_for_certificates_ = false;
  bool may_use_kernel_ = true;
};

}  // namespace limpet::net
