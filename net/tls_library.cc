#include "net/tls_library.h"

#include <algorithm>
#include <array>

namespace limpet::net {

namespace {

constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kTls13Ciphers =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kGroups = "X25519:P-256:P-384";
// A chain of certificates that a peer may send; the library's own bound is 100 KiB.
constexpr long kLongestChain = 32 * 1024;

struct ReasonRow {
  int reason;
  TlsFault fault;
};

// Of ERR_LIB_SSL. What is not here is Other.
constexpr std::array kReasons{
    ReasonRow{SSL_R_WRONG_VERSION_NUMBER, TlsFault::NotTls},
    ReasonRow{SSL_R_HTTP_REQUEST, TlsFault::NotTls},
    ReasonRow{SSL_R_HTTPS_PROXY_REQUEST, TlsFault::NotTls},
    ReasonRow{SSL_R_PACKET_LENGTH_TOO_LONG, TlsFault::NotTls},
    ReasonRow{SSL_R_RECORD_LENGTH_MISMATCH, TlsFault::NotTls},
    ReasonRow{SSL_R_BAD_RECORD_TYPE, TlsFault::NotTls},
    ReasonRow{SSL_R_UNEXPECTED_RECORD, TlsFault::NotTls},
    ReasonRow{SSL_R_UNEXPECTED_MESSAGE, TlsFault::NotTls},
    ReasonRow{SSL_R_EXCESSIVE_MESSAGE_SIZE, TlsFault::NotTls},
    ReasonRow{SSL_R_LENGTH_MISMATCH, TlsFault::NotTls},
    ReasonRow{SSL_R_BAD_LENGTH, TlsFault::NotTls},
    ReasonRow{SSL_R_LENGTH_TOO_SHORT, TlsFault::NotTls},
    ReasonRow{SSL_R_BAD_EXTENSION, TlsFault::NotTls},
    ReasonRow{SSL_R_BAD_KEY_SHARE, TlsFault::NotTls},
    ReasonRow{SSL_R_BAD_ECPOINT, TlsFault::NotTls},
    ReasonRow{SSL_R_NO_COMPRESSION_SPECIFIED, TlsFault::NotTls},
    ReasonRow{SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, TlsFault::NotTls},
    ReasonRow{SSL_R_DIGEST_CHECK_FAILED, TlsFault::NotTls},
    ReasonRow{SSL_R_UNSUPPORTED_PROTOCOL, TlsFault::NoSharedVersion},
    ReasonRow{SSL_R_UNKNOWN_PROTOCOL, TlsFault::NoSharedVersion},
    ReasonRow{SSL_R_VERSION_TOO_LOW, TlsFault::NoSharedVersion},
    ReasonRow{SSL_R_NO_PROTOCOLS_AVAILABLE, TlsFault::NoSharedVersion},
    ReasonRow{SSL_R_UNSUPPORTED_SSL_VERSION, TlsFault::NoSharedVersion},
    ReasonRow{SSL_R_INAPPROPRIATE_FALLBACK, TlsFault::NoSharedVersion},
    ReasonRow{SSL_R_NO_SHARED_CIPHER, TlsFault::NoSharedCipher},
    ReasonRow{SSL_R_NO_SUITABLE_KEY_SHARE, TlsFault::NoSharedCipher},
    ReasonRow{SSL_R_NO_SUITABLE_GROUPS, TlsFault::NoSharedCipher},
    ReasonRow{SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, TlsFault::NoSharedCipher},
    ReasonRow{SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, TlsFault::NoSharedCipher},
    ReasonRow{SSL_R_MISSING_SUPPORTED_GROUPS_EXTENSION, TlsFault::NoSharedCipher},
    ReasonRow{SSL_R_MISSING_SIGALGS_EXTENSION, TlsFault::NoSharedCipher},
    ReasonRow{SSL_R_NO_CIPHERS_SPECIFIED, TlsFault::NoSharedCipher},
    ReasonRow{SSL_R_NO_APPLICATION_PROTOCOL, TlsFault::NoSharedProtocol},
    ReasonRow{SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, TlsFault::CertificateMissing},
    ReasonRow{SSL_R_UNEXPECTED_EOF_WHILE_READING, TlsFault::EarlyClose},
};

struct VerifyRow {
  long result;
  TlsFault fault;
};

// What is not here is CertificateBad.
constexpr std::array kVerifyResults{
    VerifyRow{X509_V_ERR_CERT_HAS_EXPIRED, TlsFault::CertificateExpired},
    VerifyRow{X509_V_ERR_CERT_NOT_YET_VALID, TlsFault::CertificateExpired},
    VerifyRow{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, TlsFault::CertificateUnknownCa},
    VerifyRow{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, TlsFault::CertificateUnknownCa},
    VerifyRow{X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, TlsFault::CertificateUnknownCa},
    VerifyRow{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, TlsFault::CertificateUnknownCa},
    VerifyRow{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, TlsFault::CertificateUnknownCa},
    VerifyRow{X509_V_ERR_CERT_SIGNATURE_FAILURE, TlsFault::CertificateUnknownCa},
    VerifyRow{X509_V_ERR_CERT_UNTRUSTED, TlsFault::CertificateUnknownCa},
    VerifyRow{X509_V_ERR_HOSTNAME_MISMATCH, TlsFault::CertificateWrongName},
    VerifyRow{X509_V_ERR_IP_ADDRESS_MISMATCH, TlsFault::CertificateWrongName},
};

TlsFault fault_of_verification(long result) noexcept {
  const auto row = std::ranges::find(kVerifyResults, result, &VerifyRow::result);
  return row == kVerifyResults.end() ? TlsFault::CertificateBad : row->fault;
}

TlsFault fault_of_reason(int reason) noexcept {
  if (reason >= SSL_AD_REASON_OFFSET) {
    return TlsFault::PeerRefused;  // the number is that of the alert
  }
  const auto row = std::ranges::find(kReasons, reason, &ReasonRow::reason);
  return row == kReasons.end() ? TlsFault::Other : row->fault;
}

bool set_what_is_allowed(SSL_CTX* context, bool only_tls13) noexcept {
  return SSL_CTX_set_min_proto_version(context, only_tls13 ? TLS1_3_VERSION : TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, kCiphers) == 1 &&
         SSL_CTX_set_ciphersuites(context, kTls13Ciphers) == 1 &&
         SSL_CTX_set1_groups_list(context, kGroups) == 1;
}

}  // namespace

SslCtxPtr make_ssl_context(TlsRole role, bool only_tls13) {
  SslCtxPtr context(SSL_CTX_new(role == TlsRole::Server ? TLS_server_method() : TLS_client_method()));
  if (context == nullptr || !set_what_is_allowed(context.get(), only_tls13)) {
    return nullptr;
  }
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_read_ahead(context.get(), 0);  // our BIO reads ahead, into a buffer that all streams share
  SSL_CTX_set_max_cert_list(context.get(), kLongestChain);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return context;
}

std::string take_library_error() {
  // The newest tells most: what lies below it is how it was noticed.
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  const char* const text = error == 0 ? nullptr : ERR_reason_error_string(error);
  return text == nullptr ? "no reason was given" : text;
}

TlsFacts take_tls_failure(long verify_result) {
  // The first one of the protocol is what went wrong: what stands before it is how it was noticed, and what
  // stands behind it follows from it.
  unsigned long error = ERR_get_error();
  while (error != 0 && ERR_GET_LIB(error) != ERR_LIB_SSL && ERR_peek_error() != 0) {
    error = ERR_get_error();
  }
  const bool is_of_ssl = ERR_GET_LIB(error) == ERR_LIB_SSL;
  const int reason = ERR_GET_REASON(error);
  const char* const text = error == 0 ? nullptr : ERR_reason_error_string(error);
  TlsFacts facts;
  facts.detail = text == nullptr ? "" : text;
  ERR_clear_error();
  if (is_of_ssl && reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    facts.fault = fault_of_verification(verify_result);
    facts.detail = X509_verify_cert_error_string(verify_result);
  } else {
    facts.fault = is_of_ssl ? fault_of_reason(reason) : TlsFault::Other;
  }
  return facts;
}

}  // namespace limpet::net
