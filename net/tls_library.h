// The one door to libssl: owners for its objects, what all contexts have in common, and what its errors mean
// in our words. Only net/tls_*.cc includes this. Any thread.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "net/tls_facts.h"

namespace limpet::net {

template <auto Free>
struct TlsFree {
  template <typename T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

using SslCtxPtr = std::unique_ptr<SSL_CTX, TlsFree<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, TlsFree<SSL_free>>;
using X509Ptr = std::unique_ptr<X509, TlsFree<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, TlsFree<EVP_PKEY_free>>;
using BioPtr = std::unique_ptr<BIO, TlsFree<BIO_free_all>>;

// Who is spoken to.
enum class TlsRole : bool { Server, Client };

// A context with our versions, ciphers, groups and modes: Mozilla's "intermediate" without DHE, whose
// parameters a client can have computed at our cost. Null when there is no memory.
[[nodiscard]] SslCtxPtr make_ssl_context(TlsRole role, bool only_tls13);

// The newest entry of the library's error queue as a sentence; empties the queue.
[[nodiscard]] std::string take_library_error();
// The same as facts. `verify_result` is that of the connection (X509_V_OK where nothing was verified).
[[nodiscard]] TlsFacts take_tls_failure(long verify_result);

}  // namespace limpet::net
