#include "net/tls_engine.h"

#include <algorithm>

#include "net/tls_library.h"
#include "net/tls_stream.h"

namespace limpet::net {

TlsEngine::~TlsEngine() {
  for (const auto& [client, session] : sessions_) {
    SSL_SESSION_free(session);
  }
}

void TlsEngine::enqueue(TlsStream& stream, bool has_begun) {
  if (has_begun) {
    begun_.push_back(&stream);
  } else {
    new_.push_back(&stream);
  }
  come_again();
}

void TlsEngine::forget(const TlsStream& stream) noexcept {
  std::ranges::replace(begun_, &stream, nullptr);
  std::ranges::replace(new_, &stream, nullptr);
}

TlsStream* TlsEngine::take_next() noexcept {
  TlsStream* next = nullptr;
  if (!begun_.empty()) {
    next = begun_.front();
    begun_.pop_front();
  } else {
    next = new_.back();
    new_.pop_back();
  }
  return next;
}

void TlsEngine::on_turn_end() {
  is_registered_ = false;
  const auto begin = std::chrono::steady_clock::now();
  // Who is added meanwhile waits for the next turn.
  for (std::size_t left = begun_.size() + new_.size(); left > 0; --left) {
    TlsStream* const stream = take_next();
    if (stream == nullptr) {
      continue;
    }
    stream->go_on();
    if (std::chrono::steady_clock::now() - begin >= kHandshakeTime) {
      break;
    }
  }
  park_waiting();
  if (!begun_.empty() || !new_.empty()) {
    come_again();
  }
}

void TlsEngine::park_waiting() noexcept {
  const auto park = [](TlsStream* stream) {
    if (stream != nullptr) {
      stream->park();
    }
  };
  std::ranges::for_each(begun_, park);
  std::ranges::for_each(new_, park);
}

void TlsEngine::come_again() {
  if (!is_registered_) {
    is_registered_ = true;
    loop_.at_turn_end(*this);
  }
}

std::span<std::uint8_t> TlsEngine::sealed_in() {
  if (sealed_in_ == nullptr) {
    sealed_in_ = std::make_unique_for_overwrite<std::uint8_t[]>(kSealedBytes);
  }
  return {sealed_in_.get(), kSealedBytes};
}

TlsContexts& TlsEngine::contexts_of(const TlsServerPtr& server) {
  const auto found = contexts_.find(server);
  if (found != contexts_.end()) {
    return *found->second;
  }
  std::erase_if(contexts_, [](const auto& entry) { return entry.first.expired(); });
  return *contexts_.emplace(server, std::make_unique<TlsContexts>(*server)).first->second;
}

ssl_session_st* TlsEngine::take_session(const TlsClientPtr& client) {
  const auto found = sessions_.find(client);
  if (found == sessions_.end() || found->second == nullptr) {
    return nullptr;
  }
  if (SSL_SESSION_get_protocol_version(found->second) >= TLS1_3_VERSION) {
    return std::exchange(found->second, nullptr);
  }
  SSL_SESSION_up_ref(found->second);
  return found->second;
}

void TlsEngine::keep_session(const TlsClientPtr& client, ssl_session_st* session) {
  if (sessions_.size() >= kManySessions) {
    std::erase_if(sessions_, [](const auto& entry) {
      const bool is_gone = entry.first.expired();
      if (is_gone) {
        SSL_SESSION_free(entry.second);
      }
      return is_gone;
    });
  }
  SSL_SESSION_free(std::exchange(sessions_[client], session));
}

int TlsEngine::on_new_session(ssl_st* connection, ssl_session_st* session) {
  auto* const stream = static_cast<TlsStream*>(BIO_get_data(SSL_get_rbio(connection)));
  stream->keep_session(session);
  return 1;
}

void TlsEngine::on_secret(const ssl_st* connection, const char* line) {
  if (auto* const stream = static_cast<TlsStream*>(SSL_get_app_data(connection))) {
    stream->note_secret(line);
  }
}

}  // namespace limpet::net
