// What an Exchange leaves in the log: a line for an HTTP request, or for a session that it opens.

#include "proxy/client_connection.h"
#include "proxy/exchange.h"

namespace limpet::proxy {

std::string Exchange::client_text() const {
  return is_nameless() ? client_.arrival().peer.to_string() : client_address_.to_string();
}

std::string Exchange::key_text() const {
  return identity_.key ? affinity::text_for_log(identity_.key->kind, identity_.key->text) : std::string();
}

Exchange::ServedBy Exchange::served_by() const noexcept {
  const auto* const pool = context_.snapshot->pool(pool_);
  const auto* const chosen = backend();
  return {.pool = pool == nullptr ? std::string_view{} : pool->name,
          .backend = chosen == nullptr ? std::string_view{} : chosen->spec.name};
}

void Exchange::log_request(CloseReason reason) const {
  if (!context_.shared.log.enabled(LogLevel::Info)) {
    return;
  }
  const ServedBy by = served_by();
  const Duration took = context_.loop.now() - started_;
  RequestId::Hex hex;
  context_.shared.log.info("request", {{"request", label_},
                                       {"request_id", request_id_.text(hex)},
                                       {"status", status_ != 0 ? status_ : describe(reason).status},
                                       {"reason", describe(reason).word},
                                       {"pool", by.pool},
                                       {"backend", by.backend},
                                       {"client", client_text()},
                                       {"key", key_text()},
                                       {"affinity", affinity::word(decision_.reason)},
                                       {"bytes", answer_bytes_},
                                       {"took_s", static_cast<double>(took.count()) / 1000.0}});
}

void Exchange::log_session_open(std::uint64_t session) const {
  if (label_.empty() || !context_.shared.log.enabled(LogLevel::Info)) {
    return;
  }
  const ServedBy by = served_by();
  RequestId::Hex hex;
  context_.shared.log.info("session_open", {{"session", session},
                                            {"request", label_},
                                            {"request_id", request_id_.text(hex)},
                                            {"pool", by.pool},
                                            {"backend", by.backend},
                                            {"client", client_text()},
                                            {"key", key_text()},
                                            {"affinity", affinity::word(decision_.reason)}});
}

}  // namespace limpet::proxy
