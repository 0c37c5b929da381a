#include "net/tls_contexts.h"

#include "net/tls_engine.h"
#include "net/tls_library.h"

namespace limpet::net {

void TlsContexts::Free::operator()(ssl_ctx_st* context) const noexcept {
  SSL_CTX_free(context);
}

ssl_ctx_st* TlsContexts::context_for(std::string_view name) {
  const TlsNames::Set& set = server_.names().find(name);
  auto& context = by_set_[set];
  if (context == nullptr) {
    context.reset(server_.make_context(set));
    if (context == nullptr) {
      return nullptr;
    }
    // The library's macros for these two cast in a way that we do not.
    SSL_CTX_callback_ctrl(context.get(), SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                          reinterpret_cast<void (*)()>(on_server_name));
    SSL_CTX_ctrl(context.get(), SSL_CTRL_SET_TLSEXT_SERVERNAME_ARG, 0, this);
    SSL_CTX_set_info_callback(context.get(), on_step);
  }
  return context.get();
}

ssl_st* TlsContexts::make_connection() {
  ssl_ctx_st* const first = context_for({});
  SSL* const ssl = first == nullptr ? nullptr : SSL_new(first);
  if (ssl != nullptr) {
    SSL_set_accept_state(ssl);
  }
  return ssl;
}

int TlsContexts::on_server_name(ssl_st* connection, int*, void* contexts) {
  const char* const name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
  if (name != nullptr) {
    ssl_ctx_st* const context = static_cast<TlsContexts*>(contexts)->context_for(name);
    if (context == nullptr || SSL_set_SSL_CTX(connection, context) == nullptr) {
      return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
  }
  return SSL_TLSEXT_ERR_OK;
}

void TlsContexts::on_step(const ssl_st* connection, int where, int) noexcept {
  if ((where & SSL_CB_LOOP) != 0) {
    choose_secrets(connection);
  }
}

// Those of application data come behind those of the handshake (RFC 8446 7.1), which are made when the hello
// of the server is written, with the change of ciphers that middleboxes look for.
void TlsContexts::choose_secrets(const ssl_st* connection) noexcept {
  const OSSL_HANDSHAKE_STATE state = SSL_get_state(connection);
  const bool is_early = state == TLS_ST_BEFORE || state == TLS_ST_SR_CLNT_HELLO ||
                        state == TLS_ST_SW_SRVR_HELLO || state == TLS_ST_SW_CHANGE;
  SSL_CTX_set_keylog_callback(SSL_get_SSL_CTX(connection), is_early ? nullptr : TlsEngine::on_secret);
}

}  // namespace limpet::net
