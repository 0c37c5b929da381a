#include "net/tls_server.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/crypto.h"
#include "net/tls_engine.h"
#include "net/tls_library.h"
#include "net/tls_names.h"

namespace limpet::net {

namespace {

// How long a ticket may be used: as long as its key opens.
constexpr long kTicketSeconds =
    std::chrono::duration_cast<std::chrono::seconds>(TlsTickets::kSealsFor * TlsTickets::kKept).count();
constexpr std::string_view kProtocol = "http/1.1";

const TlsServer& server_of(const SSL* ssl) {
  return *static_cast<const TlsServer*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0));
}

Instant steady_now() noexcept {
  return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

// HTTP/1.1 where the client lists it; whoever lists only others is refused (RFC 7301 3.2).
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                    unsigned int in_size, void*) {
  for (unsigned int at = 0; at < in_size;) {
    const unsigned int size = in[at];
    const unsigned char* const name = in + at + 1;
    at += size + 1;
    if (at <= in_size && size == kProtocol.size() && std::memcmp(name, kProtocol.data(), size) == 0) {
      *out = name;
      *out_size = static_cast<unsigned char>(size);
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Found once: to look it up at every use takes longer than to use it.
const EVP_CIPHER* ticket_cipher() noexcept {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
  return cipher;
}

// RFC 5077 4: AES-256-CBC and HMAC-SHA-256.
bool use_key(const TlsTicketKey& key, const unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
             bool seals) {
  std::array<char, 7> name{"SHA256"};
  std::array<OSSL_PARAM, 2> digest{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), 0),
                                   OSSL_PARAM_construct_end()};
  return EVP_CipherInit_ex(cipher, ticket_cipher(), nullptr, key.cipher.data(), iv, seals ? 1 : 0) == 1 &&
         EVP_MAC_init(mac, key.mac.data(), key.mac.size(), digest.data()) == 1;
}

int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
              int seals) {
  constexpr int kFailed = -1;
  constexpr int kNotOurs = 0;
  constexpr int kGood = 1;
  constexpr int kGoodRenew = 2;
  constexpr std::size_t kIvBytes = 16;
  TlsTickets& tickets = server_of(ssl).tickets();
  if (seals == 1) {
    const TlsTicketKey key = tickets.sealing(steady_now());
    std::memcpy(name, key.name.data(), key.name.size());
    crypto::random_bytes({iv, kIvBytes});
    return use_key(key, iv, cipher, mac, true) ? kGood : kFailed;
  }
  std::array<std::uint8_t, TlsTicketKey::kNameBytes> wanted{};
  std::memcpy(wanted.data(), name, wanted.size());
  const auto found = tickets.opening(wanted, steady_now());
  if (!found) {
    return kNotOurs;
  }
  if (!use_key(found->key, iv, cipher, mac, false)) {
    return kFailed;
  }
  // In TLS 1.3 a ticket serves once (RFC 8446 C.4): without a new one every second handshake would be full.
  return found->is_newest && SSL_version(ssl) < TLS1_3_VERSION ? kGood : kGoodRenew;
}

}  // namespace

struct TlsServer::Contexts {
  TlsNames names;
  std::vector<TlsCertificate> certificates;
  std::map<TlsNames::Set, SslCtxPtr> by_set;
  SSL_CTX* first = nullptr;
  bool only_tls13 = false;

  [[nodiscard]] SSL_CTX* find(std::string_view name) const {
    return by_set.find(names.find(name))->second.get();
  }

  static int on_server_name(SSL* ssl, int*, void* contexts) {
    const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const auto& self = *static_cast<const Contexts*>(contexts);
    if (name != nullptr) {
      SSL_set_SSL_CTX(ssl, self.find(name));
    }
    return SSL_TLSEXT_ERR_OK;
  }
};

TlsServer::TlsServer(TlsShared shared)
    : shared_(std::move(shared)), contexts_(std::make_unique<Contexts>()) {}

TlsServer::~TlsServer() = default;

std::variant<TlsServerPtr, TlsTroubles> TlsServer::load(const TlsServerOptions& options,
                                                        const TlsShared& shared) {
  std::shared_ptr<TlsServer> server(new TlsServer(shared));
  TlsTroubles troubles = server->build(options);
  if (!troubles.empty()) {
    return troubles;
  }
  return TlsServerPtr(std::move(server));
}

TlsTroubles TlsServer::build(const TlsServerOptions& options) {
  TlsTroubles troubles;
  fingerprint_ = options.only_tls13 ? "1.3" : "1.2";
  for (std::size_t i = 0; i < options.certificates.size(); ++i) {
    const TlsFiles& files = options.certificates[i];
    auto read = TlsCertificate::read(files);
    if (auto* const bad = std::get_if<TlsTroubles>(&read)) {
      for (TlsTrouble& trouble : *bad) {
        trouble.item = i;
        troubles.push_back(std::move(trouble));
      }
      continue;
    }
    auto& certificate = std::get<TlsCertificate>(read);
    facts_.push_back({.names = certificate.names(),
                      .not_after = certificate.not_after(),
                      .file = files.certificate,
                      .key_file = files.key,
                      .key_is_open = certificate.key_is_open()});
    fingerprint_ += certificate.fingerprint();
    contexts_->names.add(certificate.names(), certificate.key_kind());
    contexts_->certificates.push_back(std::move(certificate));
  }
  asks_for_certificates_ = !options.client_ca.empty();
  contexts_->only_tls13 = options.only_tls13;
  if (asks_for_certificates_) {
    fingerprint_ += "ca" + file_digest(options.client_ca);
    // On a context of its own: what is wrong with the file is told beside what is wrong with the others.
    const SslCtxPtr trial = make_ssl_context(TlsRole::Server, false);
    if (std::string wrong = trust_file(trial.get(), options.client_ca, true); !wrong.empty()) {
      troubles.push_back({.part = TlsTrouble::Part::Ca, .detail = std::move(wrong)});
    }
  }
  return troubles.empty() ? add_contexts(options) : troubles;
}

TlsTroubles TlsServer::add_contexts(const TlsServerOptions& options) {
  for (const auto& [name, set] : contexts_->names.sets()) {
    SslCtxPtr& context = contexts_->by_set[set];
    if (context != nullptr) {
      continue;
    }
    context = make_ssl_context(TlsRole::Server, options.only_tls13);
    if (context == nullptr) {
      return {{.detail = take_library_error()}};
    }
    for (const std::size_t index : set) {
      if (!contexts_->certificates[index].use_in(context.get())) {
        return {
            {.item = index, .detail = options.certificates[index].certificate + ": " + take_library_error()}};
      }
    }
    if (!set_up(context.get(), options)) {
      return {{.detail = take_library_error()}};
    }
  }
  contexts_->first = contexts_->find({});
  return {};
}

bool TlsServer::set_up(ssl_ctx_st* context, const TlsServerOptions& options) {
  SSL_CTX_set_ex_data(context, 0, this);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_keylog_callback(context, TlsEngine::on_secret);
  // The library's macros for these two cast in a way that we do not.
  SSL_CTX_callback_ctrl(context, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                        reinterpret_cast<void (*)()>(Contexts::on_server_name));
  SSL_CTX_ctrl(context, SSL_CTRL_SET_TLSEXT_SERVERNAME_ARG, 0, contexts_.get());
  if (asks_for_certificates_) {
    // Who resumes shows no certificate: one that was withdrawn or has expired would go on for hours.
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    // Whoever names a file trusts what stands in it, an intermediate CA too.
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
    return trust_file(context, options.client_ca, true).empty();
  }
  SSL_CTX_set_timeout(context, kTicketSeconds);
  SSL_CTX_set_num_tickets(context, 1);  // a client of ours comes back with one connection
  // All listeners without client certificates may resume each other's sessions: they promise the same.
  constexpr std::string_view kId = "limpet";
  return SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(kId.data()),
                                        kId.size()) == 1 &&
         SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket) == 1;
}

ssl_st* TlsServer::make_connection() const {
  SSL* const ssl = SSL_new(contexts_->first);
  if (ssl != nullptr) {
    SSL_set_accept_state(ssl);
  }
  return ssl;
}

}  // namespace limpet::net
