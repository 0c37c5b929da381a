// How an open TlsStream writes and says that it has ended.

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "net/tls_engine.h"
#include "net/tls_library.h"
#include "net/tls_records.h"
#include "net/tls_stream.h"

namespace limpet::net {

namespace {

constexpr std::size_t kRecordBytes = SSL3_RT_MAX_PLAIN_LENGTH;
// What is sealed before it is sent: as many whole records as fit.
constexpr std::size_t kSealAtOnce = TlsEngine::kSealedBytes - SSL3_RT_MAX_PACKET_SIZE;

// How a write ends of which so many bytes were moved before its last step.
IoResult sum_of(std::size_t moved, const IoResult& last) noexcept {
  const std::size_t all = moved + last.bytes;
  const bool has_moved = last.status == IoStatus::WouldBlock && all > 0;
  return {has_moved ? IoStatus::Done : last.status, all, last.error};
}

}  // namespace

IoResult TlsStream::write(std::span<const std::uint8_t> bytes) noexcept {
  const std::array<iovec, 1> only{iovec{const_cast<std::uint8_t*>(bytes.data()), bytes.size()}};
  return write(only);
}

IoResult TlsStream::write(std::span<const iovec> parts) noexcept {
  // Behind our end only what was sealed before it is still heard of: see write_last().
  if (state_ != State::Open || (end_said_ && debt_ == 0)) {
    return state_ == State::PlainText ? socket_->write(parts) : refuse_write();
  }
  if (sealer_ != nullptr) {
    return write_through_sealer(parts);
  }
  if (!out_.empty()) {
    const IoStatus flushed = out_.flush(*socket_).status;
    if (flushed != IoStatus::Done) {
      return {flushed, 0, flushed == IoStatus::Broken ? ECONNRESET : 0};
    }
  }
  ERR_clear_error();
  engine_.sealed_out().clear();
  std::size_t moved = 0;
  std::size_t sealed = 0;  // plain bytes of what is sealed and not sent yet
  for (const iovec& part : parts) {
    std::span<const std::uint8_t> rest(static_cast<const std::uint8_t*>(part.iov_base), part.iov_len);
    const std::size_t paid = std::min<std::size_t>(debt_, rest.size());
    debt_ -= static_cast<std::uint32_t>(paid);
    moved += paid;
    rest = rest.subspan(paid);
    while (!rest.empty()) {
      const std::size_t taken = seal(rest.first(std::min(rest.size(), kRecordBytes)));
      if (taken == 0) {
        return {IoStatus::Broken, moved, EPROTO};
      }
      sealed += taken;
      rest = rest.subspan(taken);
      if (engine_.sealed_out().size() < kSealAtOnce) {
        continue;
      }
      const IoResult sent = settle(std::exchange(sealed, 0));
      if (sent.status != IoStatus::Done) {
        return sum_of(moved, sent);
      }
      moved += sent.bytes;
    }
  }
  const IoResult result = sum_of(moved, settle(sealed));
  if (result.status == IoStatus::Done) {
    consider_hand_over(result.bytes);
  }
  return result;
}

// One record; 0 = the connection is broken, or our end was said.
std::size_t TlsStream::seal(std::span<const std::uint8_t> bytes) noexcept {
  std::size_t taken = 0;
  if (end_said_) {
    return 0;
  }
  if (!has_library()) {
    return records_->seal(engine_.aead(), TlsContent::Data, bytes, engine_.sealed_out()) ? bytes.size() : 0;
  }
  if (SSL_write_ex(ssl_, bytes.data(), bytes.size(), &taken) != 1) {
    facts_.detail = take_library_error();
    return 0;
  }
  return taken;
}

// Sends what was sealed of so many plain bytes. Done: all of it was taken; else they are owed.
IoResult TlsStream::settle(std::size_t sealed) noexcept {
  if (!send_sealed()) {
    return {IoStatus::Broken, 0, ECONNRESET};
  }
  if (out_.empty()) {
    return {IoStatus::Done, sealed, 0};
  }
  debt_ = static_cast<std::uint32_t>(sealed);
  follow();
  return {};
}

// Somebody speaks before the handshake is done: it has taken too long for them.
IoResult TlsStream::refuse_write() noexcept {
  if (state_ == State::Opening) {
    facts_.fault = TlsFault::Timeout;
  }
  return {IoStatus::Broken, 0, state_ == State::Opening ? ETIMEDOUT : EPIPE};
}

IoResult TlsStream::write_last(std::span<const std::uint8_t> bytes) noexcept {
  const bool fits_one_packet = state_ == State::Open && !end_said_ && out_.empty() && debt_ == 0 &&
                               bytes.size() <= kRecordBytes && sealer_ == nullptr;
  if (!fits_one_packet) {
    const IoResult result = write(bytes);
    if (result.bytes == bytes.size()) {
      shutdown_write();
    }
    return result;
  }
  ERR_clear_error();
  engine_.sealed_out().clear();
  const std::size_t taken = seal(bytes);
  if (taken == 0) {
    return {IoStatus::Broken, 0, EPROTO};
  }
  say_end();
  const IoResult sent = out_.send_last(*socket_, engine_.sealed_out());
  engine_.sealed_out().clear();
  if (sent.status == IoStatus::Broken) {
    return {IoStatus::Broken, 0, ECONNRESET};
  }
  if (!out_.empty()) {
    // Our end is sealed behind them already; shutdown_write() has the FIN to add.
    debt_ = static_cast<std::uint32_t>(taken);
    follow();
    return {};
  }
  return {IoStatus::Done, taken, 0};
}

void TlsStream::say_end() noexcept {
  end_said_ = true;
  if (sealer_ != nullptr) {
    end_waits_ = write_alert_through_sealer(SSL_AD_CLOSE_NOTIFY).status == IoStatus::WouldBlock;
  } else if (has_library()) {
    SSL_shutdown(ssl_);
  } else {
    static_cast<void>(records_->seal_alert(engine_.aead(), SSL_AD_CLOSE_NOTIFY, engine_.sealed_out()));
  }
}

void TlsStream::shutdown_write() noexcept {
  if (state_ == State::Open && !end_said_) {
    ERR_clear_error();
    engine_.sealed_out().clear();
    say_end();
    static_cast<void>(send_sealed());  // who cannot be told sees the FIN alone
  }
  static_cast<void>(end_when_all_is_sent());  // whoever watches hears of it
}

// A FIN cuts what waits outside the connection. False when that is broken.
bool TlsStream::end_when_all_is_sent() noexcept {
  if (end_waits_) {
    say_end();
  }
  using enum TlsSealer::Passed;
  const TlsSealer::Passed passed = sealer_ == nullptr ? All : sealer_->passed();
  fin_waits_ = passed != Broken && (!out_.empty() || end_waits_ || passed == NotAll);
  if (!fin_waits_) {
    socket_->shutdown_write();
  }
  follow();
  return passed != Broken;
}

bool TlsStream::send_sealed() noexcept {
  std::vector<std::uint8_t>& sealed = engine_.sealed_out();
  const IoResult sent = out_.send(*socket_, sealed);
  sealed.clear();
  return sent.status != IoStatus::Broken;
}

}  // namespace limpet::net
