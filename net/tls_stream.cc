// How an open TlsStream watches and closes; how it is opened is tls_handshake.cc, how it reads tls_read.cc,
// how it writes tls_write.cc.

#include "net/tls_stream.h"

#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "net/tls_engine.h"
#include "net/tls_library.h"
#include "net/tls_records.h"

namespace limpet::net {

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
      socket_->watch(!is_parked_ && (has_library() || client_ == nullptr),
                     !is_parked_ && (!out_.empty() || (!has_library() && client_ != nullptr)));
      return;
    case State::Open:
      socket_->watch(wants_read_, wants_write_ || !out_.empty() || fin_waits_);
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
  bool is_broken = out_.flush(*socket_).status == IoStatus::Broken;
  if (is_broken) {
    error_ = ECONNRESET;
    out_.drop(loop_.chunks());
  }
  if (fin_waits_ && out_.empty() && !is_broken && !end_when_all_is_sent()) {
    is_broken = true;
    error_ = take_failure();
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
  if (state_ == State::Opening && (has_library() || facts_.fault == TlsFault::Timeout)) {
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
  if (records_ != nullptr) {
    records_->leave(engine_.aead());
    records_.reset();
  }
  sealer_.reset();
  socket_.reset();
  loop_.bury(std::unique_ptr<Disposable>(this));
}

}  // namespace limpet::net
