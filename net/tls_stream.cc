// How an open TlsStream watches, reads and closes; how it is opened is tls_handshake.cc, how it writes
// tls_write.cc.

#include "net/tls_stream.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/assert.h"
#include "net/tls_engine.h"
#include "net/tls_library.h"

namespace limpet::net {

namespace {

// A record with all that is around its plain bytes.
constexpr std::size_t kSealedRecordBytes = SSL3_RT_MAX_PACKET_SIZE;

}  // namespace

TlsStream::~TlsStream() {
  LIMPET_ASSERT(socket_ == nullptr, "a stream ends through close()");
}

void TlsStream::watch(bool readable, bool writable) noexcept {
  wants_read_ = readable;
  wants_write_ = writable;
  follow();
  if (readable && has_pending()) {
    tell_again();
  }
}

void TlsStream::follow() noexcept {
  if (socket_ == nullptr) {
    return;
  }
  switch (state_) {
    case State::Opening:
      // A client waits for its connect; then, as the server does, for the peer's next words.
      socket_->watch(!is_parked_ && (ssl_ != nullptr || client_ == nullptr),
                     !is_parked_ && (!out_.empty() || (ssl_ == nullptr && client_ != nullptr)));
      return;
    case State::Open:
      socket_->watch(wants_read_, wants_write_ || !out_.empty());
      return;
    case State::PlainText:
      socket_->watch(wants_read_, wants_write_);
      return;
    case State::Failed:
    case State::Closed:
      socket_->watch(false, false);
      return;
  }
}

bool TlsStream::has_pending() const noexcept {
  if (state_ == State::PlainText) {
    return !held_.empty();
  }
  return state_ == State::Open &&
         (!held_.empty() || SSL_pending(ssl_) > 0 || ((peer_ended_ || error_ != 0) && !end_is_told_));
}

void TlsStream::tell_again() {
  if (!is_told_again_) {
    is_told_again_ = true;
    loop_.at_turn_end(*this);
  }
}

void TlsStream::on_turn_end() {
  is_told_again_ = false;
  if (wants_read_ && has_pending() && events() != nullptr) {
    events()->on_readable(*this);
  }
}

void TlsStream::on_readable(Stream&) {
  if (state_ == State::Opening) {
    go_on_later();
  } else if (events() != nullptr) {
    events()->on_readable(*this);
  }
}

void TlsStream::on_writable(Stream&) {
  if (state_ == State::Opening) {
    go_on_later();
    return;
  }
  const bool is_broken = out_.flush(*socket_).status == IoStatus::Broken;
  if (is_broken) {
    error_ = ECONNRESET;
    out_.drop(loop_.chunks());
  }
  if (out_.empty() && fin_waits_ && !is_broken) {
    fin_waits_ = false;
    socket_->shutdown_write();
  }
  follow();
  if (events() == nullptr || !out_.empty()) {
    return;
  }
  if (wants_write_) {
    events()->on_writable(*this);
  } else if (is_broken) {
    events()->on_broken(*this);
  }
}

void TlsStream::on_broken(Stream&) {
  if (state_ == State::Opening) {
    error_ = ECONNRESET;
    fail({.fault = TlsFault::EarlyClose, .detail = "reset", .client_subject = {}});
  } else if (events() != nullptr) {
    events()->on_broken(*this);
  }
}

void TlsStream::start(std::size_t most_to_receive) noexcept {
  ERR_clear_error();
  engine_.sealed_out().clear();
  TlsIncoming& incoming = engine_.incoming();
  incoming.begin = engine_.sealed_in().data();
  std::memcpy(incoming.begin, held_.data(), held_.size());
  incoming.end = incoming.begin + held_.size();
  incoming.most = most_to_receive;
  incoming.may_receive = error_ == 0;
  std::string().swap(held_);
}

bool TlsStream::finish() noexcept {
  const TlsIncoming& incoming = engine_.incoming();
  held_.assign(reinterpret_cast<const char*>(incoming.begin), incoming.size());
  return send_sealed();
}

void TlsStream::receive() noexcept {
  TlsIncoming& incoming = engine_.incoming();
  const auto into = engine_.sealed_in();
  const std::size_t most = std::min(incoming.most, into.size());
  const IoResult result = socket_->read(into.first(most));
  incoming.begin = into.data();
  incoming.end = incoming.begin + result.bytes;
  // Less than there was room for: the next recv would find nothing.
  incoming.may_receive = result.status == IoStatus::Done && result.bytes == most;
  if (result.status == IoStatus::End) {
    error_ = kEndUnsaid;
  } else if (result.status == IoStatus::Broken) {
    error_ = result.error;
  }
}

IoResult TlsStream::read(std::span<std::uint8_t> into) noexcept {
  if (state_ == State::PlainText && !held_.empty()) {
    const std::size_t taken = std::min(into.size(), held_.size());
    std::memcpy(into.data(), held_.data(), taken);
    held_.erase(0, taken);
    return {IoStatus::Done, taken, 0};
  }
  if (state_ != State::Open) {
    return state_ == State::PlainText ? socket_->read(into)
           : state_ == State::Opening ? IoResult{}
                                      : IoResult{IoStatus::Broken, 0, error_};
  }
  start(0);
  TlsIncoming& incoming = engine_.incoming();
  std::size_t filled = 0;
  while (filled < into.size()) {
    // Plain bytes are fewer than sealed ones, but for those of a record of which a part was here before.
    const std::size_t room = into.size() - filled;
    incoming.most = room > 2 * kSealedRecordBytes ? room - kSealedRecordBytes : room;
    incoming.may_receive = incoming.may_receive && (filled == 0 || room > kSealedRecordBytes);
    if (incoming.size() == 0 && !incoming.may_receive && SSL_pending(ssl_) == 0) {
      break;
    }
    std::size_t bytes = 0;
    const int result = SSL_read_ex(ssl_, into.data() + filled, room, &bytes);
    if (result != 1) {
      note_failure(result);
      break;
    }
    filled += bytes;
  }
  if (!finish() && error_ == 0) {
    error_ = ECONNRESET;
  }
  follow();
  if (filled > 0) {
    if (wants_read_ && has_pending()) {
      tell_again();
    }
    return {IoStatus::Done, filled, 0};
  }
  end_is_told_ = peer_ended_ || error_ != 0;
  return peer_ended_   ? IoResult{IoStatus::End, 0, 0}
         : error_ != 0 ? IoResult{IoStatus::Broken, 0, error_}
                       : IoResult{};
}

void TlsStream::note_failure(int result) noexcept {
  const int why = SSL_get_error(ssl_, result);
  if (why == SSL_ERROR_ZERO_RETURN) {
    peer_ended_ = true;
  } else if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
    error_ = error_ == 0 ? EPROTO : error_;
    facts_.detail = take_tls_failure(X509_V_OK).detail;
  }
}

bool TlsStream::looks_alive() noexcept {
  if (state_ != State::Open || has_pending()) {
    return false;
  }
  start(kSealedRecordBytes);
  std::uint8_t byte = 0;
  std::size_t bytes = 0;
  const int result = SSL_peek_ex(ssl_, &byte, 1, &bytes);
  if (result != 1) {
    note_failure(result);
  }
  return finish() && result != 1 && !peer_ended_ && error_ == 0;
}

int TlsStream::take_socket_error() noexcept {
  return state_ == State::Failed ? error_ : 0;
}

void TlsStream::reset_on_close() noexcept {
  resets_ = true;
  socket_->reset_on_close();
}

void TlsStream::close() noexcept {
  LIMPET_ASSERT(socket_ != nullptr, "a stream is closed once");
  // Its owner has waited long enough. Of one that never said a word that is known by what it was to be told.
  if (state_ == State::Opening && (ssl_ != nullptr || facts_.fault == TlsFault::Timeout)) {
    counts().add(TlsFault::Timeout);
  }
  // What is cut in the middle of a record, or on purpose, must not look as if it was complete.
  if (state_ == State::Open && !end_said_ && !resets_ && out_.empty() && debt_ == 0) {
    ERR_clear_error();
    engine_.sealed_out().clear();
    say_end();
    static_cast<void>(send_sealed());
  }
  state_ = State::Closed;
  set_events(nullptr);
  if (is_queued_) {
    engine_.forget(*this);
  }
  loop_.forget_turn_end(*this);
  out_.drop(loop_.chunks());
  SSL_free(std::exchange(ssl_, nullptr));
  socket_.reset();
  loop_.bury(std::unique_ptr<Disposable>(this));
}

}  // namespace limpet::net
