// How a TlsStream that sends much at a time hands its sealing over, and what is different from then on.
//
// What the sealer has taken may wait outside the connection for room, and nothing tells when it has passed.
// So of a write behind which something waits a byte is kept as a debt: its owner, who still has something to
// write, neither ends the stream nor goes on to read.

#include <algorithm>
#include <array>
#include <cerrno>

#include "net/tls_engine.h"
#include "net/tls_records.h"
#include "net/tls_stream.h"

namespace limpet::net {

namespace {

constexpr std::size_t kMostParts = 16;

// At least as many as were made: of the last one of a write, a part may go into the next.
std::uint64_t records_of(std::size_t bytes) noexcept {
  return bytes / TlsRecords::kMostPlain + 1;
}

}  // namespace

void TlsStream::consider_hand_over(std::size_t written) noexcept {
  if (has_library() || written == 0 || !meter_.note(written) || !out_.empty() || debt_ != 0 || end_said_ ||
      records_->is_key_update_due() || !server_->lets_kernel_seal(records_->our_keys().suite())) {
    return;
  }
  sealer_ = socket_->hand_over_sealing(records_->our_keys());
  if (sealer_ != nullptr) {
    counts().handed_over.fetch_add(1, std::memory_order_relaxed);
  }
}

IoResult TlsStream::write_through_sealer(std::span<const iovec> parts) noexcept {
  const TlsSealer::Passed before = debt_ > 0 ? sealer_->passed() : TlsSealer::Passed::All;
  if (before == TlsSealer::Passed::NotAll) {
    return {};
  }
  if (before == TlsSealer::Passed::Broken) {
    return {IoStatus::Broken, 0, take_failure()};
  }
  const IoResult updated = end_said_ ? IoResult{IoStatus::Done, 0, 0} : update_sealer_key();
  if (updated.status != IoStatus::Done) {
    return updated;
  }
  std::array<iovec, kMostParts> rest;  // NOLINT: what is counted is filled
  std::size_t count = 0;
  std::size_t paid = 0;
  for (const iovec& part : parts.first(std::min(parts.size(), rest.size()))) {
    const std::size_t skipped = std::min<std::size_t>(debt_, part.iov_len);
    debt_ -= static_cast<std::uint32_t>(skipped);
    paid += skipped;
    if (skipped < part.iov_len) {
      rest[count++] = {static_cast<std::uint8_t*>(part.iov_base) + skipped, part.iov_len - skipped};
    }
  }
  if (count == 0 || end_said_) {
    return {IoStatus::Done, paid, 0};
  }
  IoResult result = sealer_->write(std::span<const iovec>(rest).first(count));
  if (result.bytes > 0) {
    records_->count_sealed_elsewhere(records_of(result.bytes));
    if (sealer_->passed() != TlsSealer::Passed::All) {
      debt_ = 1;
      --result.bytes;
    }
  }
  result.bytes += paid;
  if (result.status != IoStatus::Broken) {
    result.status = result.bytes > 0 ? IoStatus::Done : IoStatus::WouldBlock;
  }
  return result;
}

IoResult TlsStream::update_sealer_key() noexcept {
  if (!records_->is_key_update_due()) {
    return {IoStatus::Done, 0, 0};
  }
  const IoResult told = sealer_->write_record(TlsContent::Handshake, TlsRecords::kKeyUpdate);
  if (told.status != IoStatus::Done) {
    return {told.status, 0, told.error};
  }
  if (!records_->take_next_key() || !sealer_->change_keys(records_->our_keys())) {
    facts_.detail = "the kernel does not take the next key";
    end_said_ = true;  // the peer could not read it
    error_ = EPROTO;
    return {IoStatus::Broken, 0, EPROTO};
  }
  return {IoStatus::Done, 0, 0};
}

int TlsStream::take_failure() noexcept {
  if (error_ != 0 && error_ != kEndUnsaid) {
    return error_;
  }
  const int error = socket_->take_socket_error();
  return error == 0 ? ECONNRESET : error;
}

IoResult TlsStream::write_alert_through_sealer(std::uint8_t alert) noexcept {
  return sealer_->write_record(TlsContent::Alert, TlsRecords::content_of(alert));
}

}  // namespace limpet::net
