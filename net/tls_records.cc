#include "net/tls_records.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

#include "base/hex.h"
#include "base/text.h"
#include "net/tls_library.h"

namespace limpet::net {

namespace {

constexpr unsigned kByteBits = 8;
constexpr auto kData = static_cast<std::uint8_t>(TlsContent::Data);
constexpr std::uint8_t kFatal = SSL3_AL_FATAL;
constexpr std::uint8_t kWarning = SSL3_AL_WARNING;
// RFC 8446 4.6.3: type, three bytes of length, request_update.
constexpr std::size_t kKeyUpdateBytes = TlsRecords::kKeyUpdate.size();
constexpr auto kKeyUpdateHead = std::span(TlsRecords::kKeyUpdate).first<kKeyUpdateBytes - 1>();
static_assert(TlsRecords::kKeyUpdate.front() == SSL3_MT_KEY_UPDATE &&
              TlsRecords::kKeyUpdate.back() == SSL_KEY_UPDATE_NOT_REQUESTED);
constexpr std::uint8_t kUpdateRequested = SSL_KEY_UPDATE_REQUESTED;

std::size_t length_in(std::span<const std::uint8_t> header) noexcept {
  return static_cast<std::size_t>(header[3] << kByteBits | header[4]);
}

// RFC 8446 5.1: sealed records look like application data of TLS 1.2.
bool is_header_of_sealed(std::span<const std::uint8_t> header) noexcept {
  return header[0] == kData && header[1] == SSL3_VERSION_MAJOR && header[2] == TLS1_2_VERSION_MINOR;
}

}  // namespace

TlsRecords::Secret::~Secret() {
  OPENSSL_cleanse(bytes.data(), bytes.size());
}

std::size_t TlsRecords::whole_record(std::span<const std::uint8_t> sealed) noexcept {
  if (sealed.size() < kHeaderBytes) {
    return 0;
  }
  const std::size_t length = length_in(sealed);
  if (!is_header_of_sealed(sealed) || length > kMostSealed) {
    return kHeaderBytes;
  }
  return sealed.size() - kHeaderBytes < length ? 0 : kHeaderBytes + length;
}

std::optional<std::uint64_t> TlsRecords::count_sealed(std::span<const std::uint8_t> bytes) noexcept {
  std::uint64_t count = 0;
  while (!bytes.empty()) {
    const std::size_t whole = whole_record(bytes);
    if (whole == 0 || !is_header_of_sealed(bytes) || whole > bytes.size()) {
      return std::nullopt;
    }
    bytes = bytes.subspan(whole);
    ++count;
  }
  return count;
}

void TlsRecords::note_secret(std::string_view line) {
  const std::string_view label = take_until(line, ' ');
  static_cast<void>(take_until(line, ' '));  // the client's random bytes
  const bool is_clients = label == "CLIENT_TRAFFIC_SECRET_0";
  if (!is_clients && label != "SERVER_TRAFFIC_SECRET_0") {
    return;
  }
  if (secrets_ == nullptr) {
    secrets_ = std::make_unique<Secrets>();
  }
  Secret& secret = is_clients ? secrets_->of_client : secrets_->of_server;
  const std::size_t size = std::min(line.size() / 2, secret.bytes.size());
  secret.size = read_hex(line, std::span(secret.bytes).first(size)) ? size : 0;
}

bool TlsRecords::take_over(std::uint16_t suite, std::uint64_t sealed) {
  const auto known = tls_suite_of(suite);
  const std::unique_ptr<Secrets> secrets = std::move(secrets_);
  return known && secrets != nullptr &&
         theirs_.begin(*known, std::span(secrets->of_client.bytes).first(secrets->of_client.size), 0) &&
         ours_.begin(*known, std::span(secrets->of_server.bytes).first(secrets->of_server.size), sealed);
}

TlsRecords::Opened TlsRecords::refuse(std::uint8_t alert, std::string_view fault) noexcept {
  alert_ = alert;
  fault_ = fault;
  return {.found = Found::Fault};
}

TlsRecords::Opened TlsRecords::open(TlsAead& aead, std::span<std::uint8_t> sealed,
                                    std::span<std::uint8_t> into) {
  const std::size_t whole = whole_record(sealed);
  if (whole == 0) {
    return {};
  }
  const auto header = sealed.first(kHeaderBytes);
  if (!is_header_of_sealed(header)) {
    return refuse(SSL_AD_UNEXPECTED_MESSAGE, "a record of a type or version that has no place here");
  }
  if (length_in(header) > kMostSealed) {
    return refuse(SSL_AD_RECORD_OVERFLOW, "a record is too long");
  }
  if (length_in(header) <= TlsAead::kTagBytes) {
    return refuse(SSL_AD_BAD_RECORD_MAC, "a record is too short");
  }
  const auto body = sealed.subspan(kHeaderBytes, length_in(header));
  const std::size_t inside = body.size() - TlsAead::kTagBytes;
  if (into.size() < inside) {
    return {.found = Found::NeedRoom};
  }
  if (!aead.open(theirs_, header, body, into.data())) {
    return refuse(SSL_AD_BAD_RECORD_MAC, "decryption failed or bad record mac");
  }
  // RFC 8446 5.4: zeros are padding, what is before them is the type.
  std::size_t size = inside;
  while (size > 0 && into[size - 1] == 0) {
    --size;
  }
  if (size == 0) {
    return refuse(SSL_AD_UNEXPECTED_MESSAGE, "a record without a type");
  }
  const auto type = static_cast<TlsContent>(into[--size]);
  if (size > kMostPlain) {
    return refuse(SSL_AD_RECORD_OVERFLOW, "a record is too long");
  }
  return take_content(type, into.first(size), whole);
}

TlsRecords::Opened TlsRecords::take_content(TlsContent type, std::span<const std::uint8_t> content,
                                            std::size_t taken) {
  if (message_bytes_ != 0 && type != TlsContent::Handshake) {
    return refuse(SSL_AD_UNEXPECTED_MESSAGE, "a handshake message is interrupted");
  }
  if (type == TlsContent::Data && !content.empty()) {
    empty_ = 0;
    return {.found = Found::Data, .taken = taken, .bytes = content.size()};
  }
  if (++empty_ > kMostEmpty) {
    return refuse(SSL_AD_UNEXPECTED_MESSAGE, "too many records without data");
  }
  switch (type) {
    case TlsContent::Data:
      return {.found = Found::Nothing, .taken = taken};
    case TlsContent::Alert:
      return take_alert(content, taken);
    case TlsContent::Handshake:
      return take_handshake(content, taken);
    case TlsContent::ChangeCipherSpec:
      break;
  }
  return refuse(SSL_AD_UNEXPECTED_MESSAGE, "a record of a type that has no place here");
}

// RFC 8446 6: whatever it calls itself, what is neither an end nor a cancellation is fatal.
TlsRecords::Opened TlsRecords::take_alert(std::span<const std::uint8_t> content, std::size_t taken) {
  constexpr std::size_t kAlertBytes = 2;
  if (content.size() != kAlertBytes) {
    return refuse(SSL_AD_DECODE_ERROR, "an alert is two bytes");
  }
  switch (content[1]) {
    case SSL_AD_CLOSE_NOTIFY:
      return {.found = Found::End, .taken = taken};
    case SSL_AD_USER_CANCELLED:
      return {.found = Found::Nothing, .taken = taken};
    default:
      // Nobody is left to be told.
      return refuse(SSL_AD_CLOSE_NOTIFY, SSL_alert_desc_string_long(content[1]));
  }
}

// RFC 8446 4.6.3, 5.1: a KeyUpdate, which nothing follows in its record.
TlsRecords::Opened TlsRecords::take_handshake(std::span<const std::uint8_t> content, std::size_t taken) {
  if (content.empty()) {
    return refuse(SSL_AD_UNEXPECTED_MESSAGE, "an empty handshake record");
  }
  std::array<std::uint8_t, kKeyUpdateBytes> message{};
  const std::size_t size = message_bytes_ + content.size();
  std::copy_n(message_.begin(), message_bytes_, message.begin());
  std::copy_n(content.begin(), std::min(content.size(), kKeyUpdateBytes - message_bytes_),
              message.begin() + message_bytes_);
  const std::size_t head = std::min(size, kKeyUpdateHead.size());
  if (!std::equal(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(head),
                  kKeyUpdateHead.begin()) ||
      size > kKeyUpdateBytes) {
    return refuse(SSL_AD_UNEXPECTED_MESSAGE, "a handshake message that has no place here");
  }
  if (size < kKeyUpdateBytes) {
    std::copy_n(message.begin(), size, message_.begin());
    message_bytes_ = static_cast<std::uint8_t>(size);
    return {.found = Found::Nothing, .taken = taken};
  }
  message_bytes_ = 0;
  if (message.back() > kUpdateRequested) {
    return refuse(SSL_AD_ILLEGAL_PARAMETER, "a KeyUpdate that asks for something unknown");
  }
  owes_key_update_ = owes_key_update_ || message.back() == kUpdateRequested;
  return theirs_.go_on() ? Opened{.found = Found::Nothing, .taken = taken}
                         : refuse(SSL_AD_INTERNAL_ERROR, "out of memory");
}

bool TlsRecords::seal(TlsAead& aead, TlsContent type, std::span<const std::uint8_t> content,
                      std::vector<std::uint8_t>& out) {
  if (is_key_update_due() && !update_ours(aead, out)) {
    return false;
  }
  return seal_one(aead, type, content, out);
}

bool TlsRecords::seal_owed(TlsAead& aead, std::vector<std::uint8_t>& out) {
  return !owes_key_update_ || update_ours(aead, out);
}

std::array<std::uint8_t, 2> TlsRecords::content_of(std::uint8_t alert) noexcept {
  return {alert == SSL_AD_CLOSE_NOTIFY ? kWarning : kFatal, alert};
}

bool TlsRecords::seal_alert(TlsAead& aead, std::uint8_t alert, std::vector<std::uint8_t>& out) {
  return seal_one(aead, TlsContent::Alert, content_of(alert), out);
}

bool TlsRecords::update_ours(TlsAead& aead, std::vector<std::uint8_t>& out) {
  return seal_one(aead, TlsContent::Handshake, kKeyUpdate, out) && take_next_key();
}

bool TlsRecords::take_next_key() {
  owes_key_update_ = false;
  return ours_.go_on();
}

bool TlsRecords::seal_one(TlsAead& aead, TlsContent type, std::span<const std::uint8_t> content,
                          std::vector<std::uint8_t>& out) {
  const std::size_t length = content.size() + 1 + TlsAead::kTagBytes;
  const std::array<std::uint8_t, kHeaderBytes> header{kData, SSL3_VERSION_MAJOR, TLS1_2_VERSION_MINOR,
                                                      static_cast<std::uint8_t>(length >> kByteBits),
                                                      static_cast<std::uint8_t>(length)};
  const std::size_t begin = out.size();
  out.insert(out.end(), header.begin(), header.end());
  out.resize(begin + kHeaderBytes + length);
  if (!aead.seal(ours_, header, content, static_cast<std::uint8_t>(type),
                 out.data() + begin + kHeaderBytes)) {
    out.resize(begin);
    return false;
  }
  return true;
}

}  // namespace limpet::net
