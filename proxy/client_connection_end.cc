// How a client connection ends: an answer of its own, a gentle close, an abrupt one, or a tunnel.

#include <utility>

#include "base/assert.h"
#include "http/head_writer.h"
#include "proxy/client_connection.h"

namespace limpet::proxy {

namespace {

// How long a client that is being closed may still send, so that no reset overtakes its answer.
constexpr Duration kLinger = std::chrono::seconds(2);
// Retry-After is spread over so many seconds, so that refused clients do not come back at one moment.
constexpr std::uint64_t kRetrySpreadS = 5;
constexpr int kServiceUnavailable = 503;

}  // namespace

void ClientConnection::refuse(CloseReason reason, std::string_view detail, std::uint32_t retry_after_s) {
  if (!is_open()) {
    return;
  }
  const auto& row = describe(reason);
  LIMPET_ASSERT(row.status != 0, "only a reason with a status is answered");
  drop_exchange();
  advance(SessionState::Refusing);
  context_.counters.add_end(reason);
  std::string& answer = context_.assembly;
  answer.clear();
  if (retry_after_s == 0 && row.status == kServiceUnavailable) {
    retry_after_s = static_cast<std::uint32_t>(1 + context_.random.below(kRetrySpreadS));
  }
  http::append_own_answer(answer, {.reason = reason,
                                   .retry_after_s = retry_after_s,
                                   .keep_alive = false,
                                   .head_only = refusing_head_,
                                   .detail = detail});
  context_.shared.log.debug(
      "refused", {{"reason", row.word}, {"client", arrival_.peer.to_string()}, {"detail", detail}});
  closing_for_ = reason;  // this is the one reason, also when the client is gone already
  if (send(answer)) {
    close_gently(reason);
  }
}

void ClientConnection::close_gently(CloseReason reason) {
  closing_for_ = reason;
  drop_exchange();
  if (!out_.empty()) {
    await_reader();
    return;
  }
  if (client_ended_) {
    close_now(reason);
    return;
  }
  if (state_ != SessionState::Closing) {
    advance(SessionState::Closing);
  }
  std::string().swap(inbox_);
  stream_->shutdown_write();
  arm(kLinger);
  update_watch();
}

void ClientConnection::leave() {
  if (state_ == SessionState::ReadingHead && inbox_.empty() && out_.empty()) {
    context_.counters.add_end(CloseReason::Shutdown);
    close_gently(CloseReason::Shutdown);
  }
}

void ClientConnection::close_now(CloseReason reason) {
  if (!is_open()) {
    return;
  }
  if (closing_for_ == CloseReason::None) {
    context_.counters.add_end(reason);
  }
  if (exchange_ != nullptr) {
    exchange_->on_cut(reason);
  }
  drop_exchange();
  deadline_.disarm();
  if (until_close_ && (!out_.empty() || state_ == SessionState::ForwardingAnswer)) {
    stream_->reset_on_close();
  }
  stream_.reset();
  state_ = SessionState::Closing;
  context_.shared.connections.fetch_sub(1, std::memory_order_relaxed);
  context_.owner.retire(*this);
}

void ClientConnection::drop_exchange() {
  if (exchange_ != nullptr) {
    exchange_->release();
    context_.loop.bury(std::move(exchange_));
  }
}

void ClientConnection::become_tunnel(TunnelParts parts, std::string_view from_backend) {
  advance(SessionState::Relaying);
  drop_exchange();
  deadline_.disarm();
  parts.client = std::move(stream_);
  parts.to_client = std::move(out_);
  auto owned = std::make_unique<Tunnel>(context_, std::move(parts));
  Tunnel& tunnel = *owned;
  context_.sessions.add(std::move(owned));
  context_.owner.retire(*this);
  tunnel.pass_early(inbox_, from_backend);
}

}  // namespace limpet::proxy
