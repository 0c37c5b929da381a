// How an open TlsStream reads: by the library's object, or by TlsRecords where that has taken over.

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "net/tls_engine.h"
#include "net/tls_library.h"
#include "net/tls_records.h"
#include "net/tls_stream.h"

namespace limpet::net {

namespace {

// A record with all that is around its plain bytes.
constexpr std::size_t kSealedRecordBytes = SSL3_RT_MAX_PACKET_SIZE;

}  // namespace

bool TlsStream::has_pending() const noexcept {
  if (state_ == State::PlainText) {
    return !held_.empty();
  }
  if (state_ != State::Open) {
    return false;
  }
  if ((peer_ended_ || error_ != 0) && !end_is_told_) {
    return true;
  }
  return has_library() ? !held_.empty() || SSL_pending(ssl_) > 0
                       : !opened_.empty() || TlsRecords::whole_record(bytes_of(held_)) != 0;
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
  incoming.sealed_before = 0;
  std::string().swap(held_);
}

bool TlsStream::finish() noexcept {
  const TlsIncoming& incoming = engine_.incoming();
  held_.assign(reinterpret_cast<const char*>(incoming.begin), incoming.size());
  return send_sealed();
}

// What has been received and not taken stays, at the begin of the buffer.
void TlsStream::receive() noexcept {
  TlsIncoming& incoming = engine_.incoming();
  const auto into = engine_.sealed_in();
  const std::size_t here = incoming.size();
  std::memmove(into.data(), incoming.begin, here);
  const std::size_t most = std::min(incoming.most, into.size() - here);
  const IoResult result = socket_->read(into.subspan(here, most));
  incoming.begin = into.data();
  incoming.end = incoming.begin + here + result.bytes;
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
  const std::size_t filled = has_library() ? read_library(into) : read_records(into);
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

std::size_t TlsStream::read_library(std::span<std::uint8_t> into) noexcept {
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
  return filled;
}

std::size_t TlsStream::read_records(std::span<std::uint8_t> into) noexcept {
  using Found = TlsRecords::Found;
  TlsIncoming& incoming = engine_.incoming();
  std::size_t filled = take_opened(into);
  while (filled < into.size() && !peer_ended_) {
    const auto room = into.subspan(filled);
    const TlsRecords::Opened record = records_->open(engine_.aead(), {incoming.begin, incoming.size()}, room);
    incoming.begin += record.taken;
    filled += record.bytes;
    if (record.found == Found::NeedRoom) {
      if (filled > 0) {
        break;
      }
      filled = open_aside(into);
    } else if (record.found == Found::NeedMore) {
      const std::size_t before = incoming.size();
      incoming.most =
          room.size() > 2 * kSealedRecordBytes ? room.size() - kSealedRecordBytes : kSealedRecordBytes;
      if (!incoming.may_receive || (filled > 0 && room.size() <= kSealedRecordBytes)) {
        break;
      }
      receive();
      if (incoming.size() == before) {
        break;
      }
    } else if (record.found == Found::End) {
      take_end();
    } else if (record.found == Found::Fault) {
      break_off(records_->alert(), records_->fault());
    }
  }
  // What is owed waits for what is under way: a peer that asks on and on makes no heap of answers.
  if (error_ != 0 || !out_.empty() || end_said_) {
    return filled;
  }
  if (sealer_ != nullptr) {
    const IoResult updated = update_sealer_key();
    error_ = updated.status == IoStatus::Broken ? updated.error : 0;
  } else if (!records_->seal_owed(engine_.aead(), engine_.sealed_out())) {
    error_ = ENOMEM;
  }
  return filled;
}

// A record that is larger than the room: it is opened where it is, and what has no room is kept.
std::size_t TlsStream::open_aside(std::span<std::uint8_t> into) noexcept {
  TlsIncoming& incoming = engine_.incoming();
  const std::span<std::uint8_t> sealed(incoming.begin, incoming.size());
  const auto inside = sealed.subspan(TlsRecords::kHeaderBytes);
  const TlsRecords::Opened record = records_->open(engine_.aead(), sealed, inside);
  incoming.begin += record.taken;
  if (record.found == TlsRecords::Found::Fault) {
    break_off(records_->alert(), records_->fault());
  }
  if (record.found == TlsRecords::Found::End) {
    take_end();
  }
  opened_.assign(reinterpret_cast<const char*>(inside.data()), record.bytes);
  return take_opened(into);
}

std::size_t TlsStream::take_opened(std::span<std::uint8_t> into) noexcept {
  const std::size_t taken = std::min(into.size(), opened_.size());
  std::memcpy(into.data(), opened_.data(), taken);
  opened_.erase(0, taken);
  if (opened_.empty()) {
    std::string().swap(opened_);
  }
  return taken;
}

// What comes behind it is not looked at (RFC 8446 6.1).
void TlsStream::take_end() noexcept {
  peer_ended_ = true;
  engine_.incoming().drop();
}

// The peer is told, if there is something to tell and it can still be heard.
void TlsStream::break_off(std::uint8_t alert, std::string_view why) noexcept {
  error_ = EPROTO;
  facts_.detail = why;
  engine_.incoming().drop();
  if (alert == SSL_AD_CLOSE_NOTIFY || end_said_ || debt_ != 0) {
    return;
  }
  end_said_ = true;  // also where it cannot be told: nothing else is
  if (sealer_ != nullptr) {
    static_cast<void>(write_alert_through_sealer(alert));
  } else {
    static_cast<void>(records_->seal_alert(engine_.aead(), alert, engine_.sealed_out()));
  }
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
  if (!has_library()) {
    return held_.empty() && socket_->looks_alive();
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

}  // namespace limpet::net
