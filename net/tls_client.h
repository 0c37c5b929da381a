// TlsClient: what a connection to one backend needs to speak TLS: whom to trust, which name to expect, our
// own certificate. Made by control from files, immutable, shared by all workers; the sessions to resume are
// each loop's own (TlsEngine). Any thread.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "net/tls_certificate.h"
#include "net/tls_facts.h"

struct ssl_ctx_st;
struct ssl_st;

namespace limpet::net {

struct TlsClientOptions {
  bool verify = true;
  std::string server_name;  // a DNS name or an address; empty = nothing is asked for and none compared
  std::string ca;           // PEM file; empty = whom the system trusts
  TlsFiles own;             // shown when the backend asks; empty = none
};

class TlsClient;
using TlsClientPtr = std::shared_ptr<const TlsClient>;

class TlsClient {
 public:
  // Reads and checks all files; every mistake is told.
  [[nodiscard]] static std::variant<TlsClientPtr, TlsTroubles> load(const TlsClientOptions& options,
                                                                    std::shared_ptr<TlsCounts> counts);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  // A new connection; null when there is no memory. This outlives it.
  [[nodiscard]] ssl_st* make_connection() const;
  [[nodiscard]] TlsCounts& counts() const noexcept { return *counts_; }
  // Two with the same were made from the same options and contents.
  [[nodiscard]] const std::string& fingerprint() const noexcept { return fingerprint_; }

 private:
  explicit TlsClient(std::shared_ptr<TlsCounts> counts) noexcept;
  [[nodiscard]] TlsTroubles build(const TlsClientOptions& options);
  // Empty = done, else what is wrong.
  [[nodiscard]] std::string trust(const TlsClientOptions& options);
  [[nodiscard]] bool expect_name(const std::string& name);

  std::shared_ptr<TlsCounts> counts_;
  ssl_ctx_st* context_ = nullptr;  // owned
  std::string host_name_;          // for SNI; empty = none is sent
  std::string fingerprint_;
};

}  // namespace limpet::net
