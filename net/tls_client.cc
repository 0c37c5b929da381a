#include "net/tls_client.h"

#include <utility>

#include "base/address.h"
#include "net/tls_engine.h"
#include "net/tls_library.h"

namespace limpet::net {

namespace {

// "http/1.1" with its length before it (RFC 7301 3.1).
constexpr unsigned char kProtocols[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

}  // namespace

TlsClient::TlsClient(std::shared_ptr<TlsCounts> counts) noexcept : counts_(std::move(counts)) {}

TlsClient::~TlsClient() {
  SSL_CTX_free(context_);
}

std::variant<TlsClientPtr, TlsTroubles> TlsClient::load(const TlsClientOptions& options,
                                                        std::shared_ptr<TlsCounts> counts) {
  std::shared_ptr<TlsClient> client(new TlsClient(std::move(counts)));
  TlsTroubles troubles = client->build(options);
  if (!troubles.empty()) {
    return troubles;
  }
  return TlsClientPtr(std::move(client));
}

TlsTroubles TlsClient::build(const TlsClientOptions& options) {
  TlsTroubles troubles;
  ERR_clear_error();
  context_ = make_ssl_context(TlsRole::Client, false).release();
  if (context_ == nullptr) {
    return {{.detail = take_library_error()}};
  }
  fingerprint_ = (options.verify ? "verify " : "trust ") + options.server_name + " ";
  if (std::string wrong = trust(options); !wrong.empty()) {
    troubles.push_back({.part = TlsTrouble::Part::Ca, .detail = std::move(wrong)});
  }
  if (!options.own.certificate.empty()) {
    auto read = TlsCertificate::read(options.own);
    if (auto* const bad = std::get_if<TlsTroubles>(&read)) {
      troubles.insert(troubles.end(), bad->begin(), bad->end());
    } else if (!std::get<TlsCertificate>(read).use_in(context_)) {
      troubles.push_back({.detail = options.own.certificate + ": " + take_library_error()});
    } else {
      fingerprint_ += std::get<TlsCertificate>(read).fingerprint();
    }
  }
  if (!expect_name(options.server_name)) {
    troubles.push_back({.detail = "the name " + options.server_name + " cannot be looked for"});
  }
  SSL_CTX_set_alpn_protos(context_, kProtocols, sizeof(kProtocols));
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context_, TlsEngine::on_new_session);
  return troubles;
}

std::string TlsClient::trust(const TlsClientOptions& options) {
  if (!options.verify) {
    return {};
  }
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  if (options.ca.empty()) {
    return SSL_CTX_set_default_verify_paths(context_) == 1 ? "" : take_library_error();
  }
  // Whoever names a file trusts what stands in it, an intermediate CA too.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context_), X509_V_FLAG_PARTIAL_CHAIN);
  fingerprint_ += file_digest(options.ca);
  return trust_file(context_, options.ca, false);
}

// An address is compared with the addresses of the certificate and is never sent as SNI (RFC 6066 3).
bool TlsClient::expect_name(const std::string& name) {
  if (name.empty()) {
    return true;
  }
  X509_VERIFY_PARAM* const expected = SSL_CTX_get0_param(context_);
  if (IpAddress::parse(name)) {
    return X509_VERIFY_PARAM_set1_ip_asc(expected, name.c_str()) == 1;
  }
  host_name_ = name;
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_host(expected, name.c_str(), name.size()) == 1;
}

ssl_st* TlsClient::make_connection() const {
  SSL* const ssl = SSL_new(context_);
  if (ssl == nullptr) {
    return nullptr;
  }
  SSL_set_connect_state(ssl);
  if (!host_name_.empty()) {
    // The library's macro for it casts in a way that we do not.
    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(host_name_.c_str()));
  }
  return ssl;
}

}  // namespace limpet::net
