#include "net/tls_server.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/crypto.h"
#include "net/tls_library.h"

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

struct TlsServer::Parts {
  TlsNames names;
  std::vector<TlsCertificate> certificates;
  SslCtxPtr trust;  // whose clients are welcome; null = everybody is
  bool only_tls13 = false;
};

TlsServer::TlsServer(TlsShared shared) : shared_(std::move(shared)), parts_(std::make_unique<Parts>()) {}

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
  parts_->only_tls13 = options.only_tls13;
  may_use_kernel_ = options.kernel_tls;
  fingerprint_ = options.only_tls13 ? "1.3" : "1.2";
  fingerprint_ += options.kernel_tls ? "k" : "";
  const SslCtxPtr trial = make_ssl_context(TlsRole::Server, options.only_tls13);
  if (trial == nullptr) {
    return {{.detail = take_library_error()}};
  }
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
    if (!certificate.use_in(trial.get())) {
      troubles.push_back({.item = i, .detail = files.certificate + ": " + take_library_error()});
      continue;
    }
    facts_.push_back({.names = certificate.names(),
                      .not_after = certificate.not_after(),
                      .file = files.certificate,
                      .key_file = files.key,
                      .key_is_open = certificate.key_is_open()});
    fingerprint_ += certificate.fingerprint();
    parts_->names.add(certificate.names(), certificate.key_kind());
    parts_->certificates.push_back(std::move(certificate));
  }
  asks_for_certificates_ = !options.client_ca.empty();
  if (asks_for_certificates_) {
    fingerprint_ += "ca" + file_digest(options.client_ca);
    parts_->trust = make_ssl_context(TlsRole::Server, false);
    if (std::string wrong = trust_file(parts_->trust.get(), options.client_ca, true); !wrong.empty()) {
      troubles.push_back({.part = TlsTrouble::Part::Ca, .detail = std::move(wrong)});
    }
  }
  return troubles;
}

const TlsNames& TlsServer::names() const noexcept {
  return parts_->names;
}

ssl_ctx_st* TlsServer::make_context(const TlsNames::Set& set) const {
  SslCtxPtr context = make_ssl_context(TlsRole::Server, parts_->only_tls13);
  const bool is_made =
      context != nullptr &&
      std::ranges::all_of(
          set, [&](std::size_t index) { return parts_->certificates[index].use_in(context.get()); }) &&
      set_up(context.get());
  return is_made ? context.release() : nullptr;
}

bool TlsServer::set_up(ssl_ctx_st* context) const {
  SSL_CTX_set_ex_data(context, 0, const_cast<TlsServer*>(this));
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  if (asks_for_certificates_) {
    // Who resumes shows no certificate: one that was withdrawn or has expired would go on for hours.
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    // Whoever names a file trusts what stands in it, an intermediate CA too.
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
    SSL_CTX_set1_cert_store(context, SSL_CTX_get_cert_store(parts_->trust.get()));
    SSL_CTX_set_client_CA_list(context, SSL_dup_CA_list(SSL_CTX_get_client_CA_list(parts_->trust.get())));
    return true;
  }
  SSL_CTX_set_timeout(context, kTicketSeconds);
  SSL_CTX_set_num_tickets(context, 1);  // a client of ours comes back with one connection
  // All listeners without client certificates may resume each other's sessions: they promise the same.
  constexpr std::string_view kId = "limpet";
  return SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(kId.data()),
                                        kId.size()) == 1 &&
         SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket) == 1;
}

}  // namespace limpet::net
