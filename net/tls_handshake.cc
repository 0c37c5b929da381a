// How a TlsStream is opened; what it does when it is open is tls_stream.cc.

#include <cerrno>
#include <utility>

#include "net/tls_engine.h"
#include "net/tls_library.h"
#include "net/tls_records.h"
#include "net/tls_stream.h"

namespace limpet::net {

namespace {

// A handshake message fits, and so does a request in plain text, as far as it is worth reading.
constexpr std::size_t kFirstBytes = std::size_t{16} * 1024;
// What is passed on to backends as a field.
constexpr std::size_t kLongestSubject = 2048;

// How a method of HTTP begins, and no record of TLS does: those begin with a number below 32 or above 127.
bool begins_like_a_request(std::uint8_t first) noexcept {
  return first >= 'A' && first <= 'Z';
}

// RFC 4514, in visible ASCII.
std::string subject_of(const X509* certificate) {
  const BioPtr text(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(text.get(), &bytes);
  return size <= 0 ? std::string() : std::string(bytes, static_cast<std::size_t>(size));
}

}  // namespace

TlsStream::TlsStream(StreamPtr socket, TlsServerPtr server, TlsClientPtr client)
    : loop_(socket->loop()),
      engine_(loop_.tls()),
      socket_(std::move(socket)),
      server_(std::move(server)),
      client_(std::move(client)) {
  socket_->set_events(this);
}

StreamPtr TlsStream::accept(StreamPtr socket, TlsServerPtr server) {
  StreamPtr stream(new TlsStream(std::move(socket), std::move(server), nullptr));
  stream->watch(false, false);  // the handshake goes on by itself
  return stream;
}

StreamPtr TlsStream::connect(StreamPtr socket, TlsClientPtr client) {
  StreamPtr stream(new TlsStream(std::move(socket), nullptr, std::move(client)));
  stream->watch(false, false);
  return stream;
}

TlsCounts& TlsStream::counts() const noexcept {
  return server_ != nullptr ? server_->counts() : client_->counts();
}

void TlsStream::go_on_later() {
  if (!is_queued_) {
    is_queued_ = true;
    engine_.enqueue(*this, ssl_ != nullptr);
  }
}

void TlsStream::park() noexcept {
  if (!is_parked_) {
    is_parked_ = true;
    follow();
  }
}

void TlsStream::go_on() {
  is_queued_ = false;
  is_parked_ = false;
  if (!out_.empty() && out_.flush(*socket_).status != IoStatus::Done) {
    follow();
    return;
  }
  start(kFirstBytes);
  const bool has_begun = ssl_ != nullptr || (server_ != nullptr ? begin_as_server() : begin_as_client());
  if (!has_begun) {
    return;
  }
  if (server_ != nullptr) {
    TlsContexts::choose_secrets(ssl_);
  }
  const int result = SSL_do_handshake(ssl_);
  const int why = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_, result);
  if (result == 1) {
    take_over_records();
  }
  const bool is_sent = finish();
  if (result == 1) {
    on_open();
  } else if (why != SSL_ERROR_WANT_READ) {
    fail(take_tls_failure(SSL_get_verify_result(ssl_)));
  } else if (error_ != 0 || !is_sent) {
    fail({.fault = TlsFault::EarlyClose,
          .detail = error_ == kEndUnsaid ? "closed" : "reset",
          .client_subject = {}});
  } else {
    follow();
  }
}

// Nothing is made for a client before it has said something.
bool TlsStream::begin_as_server() {
  TlsIncoming& incoming = engine_.incoming();
  if (incoming.size() == 0) {
    receive();
  }
  if (incoming.size() == 0) {
    static_cast<void>(finish());
    if (error_ != 0) {
      fail({.fault = TlsFault::EarlyClose, .detail = "not a byte was sent", .client_subject = {}});
    } else {
      follow();
    }
    return false;
  }
  if (begins_like_a_request(*incoming.begin)) {
    static_cast<void>(finish());
    become_plain();
    return false;
  }
  return take_connection(engine_.contexts_of(server_).make_connection());
}

bool TlsStream::begin_as_client() {
  error_ = socket_->take_socket_error();
  if (error_ != 0) {
    static_cast<void>(finish());
    fail({});
    return false;
  }
  if (!take_connection(client_->make_connection())) {
    return false;
  }
  if (SSL_SESSION* const session = engine_.take_session(client_)) {
    SSL_set_session(ssl_, session);
    SSL_SESSION_free(session);
  }
  return true;
}

void TlsStream::become_plain() {
  state_ = State::PlainText;
  facts_.fault = TlsFault::PlainText;
  counts().add(TlsFault::PlainText);
  follow();
  if (wants_read_) {
    tell_again();
  }
}

void TlsStream::note_secret(std::string_view line) {
  if (records_ == nullptr) {
    records_ = std::make_unique<TlsRecords>();
  }
  records_->note_secret(line);
}

// Behind the client's Finished, which was the last that the library took, it has sealed tickets alone, with
// the keys that go on (RFC 8446 4.6.1).
void TlsStream::take_over_records() {
  const auto sealed = std::span(engine_.sealed_out()).subspan(engine_.incoming().sealed_before);
  const auto tickets = TlsRecords::count_sealed(sealed);
  const bool is_taken_over =
      records_ != nullptr && tickets && SSL_version(ssl_) == TLS1_3_VERSION &&
      records_->take_over(SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ssl_)), *tickets);
  if (!is_taken_over) {
    records_.reset();
  }
}

void TlsStream::on_open() {
  if (const char* const wrong = note_client()) {
    fail({.fault = TlsFault::CertificateBad, .detail = wrong, .client_subject = {}});
    return;
  }
  state_ = State::Open;
  counts().handshakes.fetch_add(1, std::memory_order_relaxed);
  if (SSL_session_reused(ssl_) == 1) {
    counts().resumed.fetch_add(1, std::memory_order_relaxed);
  }
  if (records_ != nullptr) {
    SSL_free(std::exchange(ssl_, nullptr));
  }
  follow();
  if (wants_read_ && has_pending()) {
    tell_again();
  }
  if (wants_write_ && events() != nullptr) {
    events()->on_writable(*this);
  }
}

// What is wrong with whom the client says it is; null = nothing.
const char* TlsStream::note_client() noexcept {
  if (server_ == nullptr || !server_->asks_for_certificates()) {
    return nullptr;
  }
  const X509* const certificate = SSL_get0_peer_certificate(ssl_);
  if (certificate == nullptr) {
    return "there is none";
  }
  facts_.client_subject = subject_of(certificate);
  return facts_.client_subject.size() > kLongestSubject ? "its subject is too long" : nullptr;
}

void TlsStream::keep_session(ssl_session_st* session) {
  engine_.keep_session(client_, session);
}

// Whoever waits to write awaits a connect; others hear that the stream is broken.
void TlsStream::fail(TlsFacts facts) {
  state_ = State::Failed;
  error_ = error_ == 0 ? EPROTO : error_;
  facts_ = std::move(facts);
  if (facts_.fault != TlsFault::None) {
    counts().add(facts_.fault);
  }
  SSL_free(std::exchange(ssl_, nullptr));
  records_.reset();
  std::string().swap(held_);
  // A close with something unread is a reset, which may overtake the alert that says what was wrong.
  static_cast<void>(socket_->read(engine_.sealed_in()));
  follow();
  if (events() == nullptr) {
    return;
  }
  if (wants_write_) {
    events()->on_writable(*this);
  } else {
    events()->on_broken(*this);
  }
}

}  // namespace limpet::net
