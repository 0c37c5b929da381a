#include "sharing/redis_connection.h"

#include <cerrno>
#include <utility>

#include "base/text.h"
#include "net/tls_stream.h"

namespace limpet::sharing {

namespace {

// Of one read: what a slow callback keeps the rest of control from.
constexpr std::size_t kReadBytes = std::size_t{64} * 1024;

RedisFault fault_of(const Error& error) {
  return error.code == ErrorCode::Timeout ? RedisFault::Timeout : RedisFault::Refused;
}

}  // namespace

RedisConnection::RedisConnection(net::Loop& loop, RedisConnectionOwner& owner,
                                 std::unique_ptr<Opening> opening) noexcept
    : loop_(loop), owner_(&owner), opening_(std::move(opening)) {}

std::optional<RedisFailure> RedisConnection::open(net::Connector& connector, const SocketAddress& address,
                                                  net::TlsClientPtr tls, Duration patience) {
  auto opened = connector.connect(address);
  if (!opened.ok()) {
    return RedisFailure{fault_of(opened.error()), opened.error().detail};
  }
  stream_ = std::move(opened->stream);
  stream_->set_events(this);
  stream_->watch(false, true);  // also when it is connected: nothing is told from inside
  tls_ = std::move(tls);
  patience_ = patience;
  last_heard_ = loop_.now();
  loop_.deadlines().arm(deadline_, loop_.now() + patience);
  return std::nullopt;
}

void RedisConnection::close() noexcept {
  deadline_.disarm();
  if (will_flush_) {
    loop_.forget_turn_end(*this);
    will_flush_ = false;
  }
  out_.drop(loop_.chunks());
  gathered_.clear();
  stream_.reset();
}

void RedisConnection::on_writable(net::Stream& stream) {
  if (state_ == State::Connecting || state_ == State::Handshake) {
    on_connected();
    return;
  }
  const net::IoResult flushed = out_.flush(stream);
  if (flushed.status == net::IoStatus::Broken) {
    lose(flushed, "send");
    return;
  }
  if (flushed.status == net::IoStatus::Done) {
    flush();
  }
}

// The connect, and then the handshake of TLS, are awaited alike.
void RedisConnection::on_connected() {
  const int error = stream_->take_socket_error();
  const net::TlsFacts* const facts = stream_->tls();
  if (error != 0 && facts != nullptr && facts->fault != net::TlsFault::None) {
    lose(RedisFault::Tls, net::describe(*facts));
    return;
  }
  if (error != 0) {
    const Error failed = system_error(error, Side::Backend, "connect");
    lose(fault_of(failed), failed.detail);
    return;
  }
  if (tls_ == nullptr) {
    begin_opening();
    return;
  }
  state_ = State::Handshake;
  stream_ = net::TlsStream::connect(std::move(stream_), std::move(tls_));
  stream_->set_events(this);
  stream_->watch(false, true);
}

void RedisConnection::begin_opening() {
  state_ = State::Opening;
  stream_->keep_alive();
  stream_->watch(true, false);
  gather(opening_->begin());
}

void RedisConnection::on_readable(net::Stream& stream) {
  auto into = loop_.scratch();
  into = into.first(std::min(into.size(), kReadBytes));
  const net::IoResult result = stream.read(into);
  switch (result.status) {
    case net::IoStatus::Done:
      last_heard_ = loop_.now();
      reader_.feed({reinterpret_cast<const char*>(into.data()), result.bytes});
      take_replies();
      break;
    case net::IoStatus::WouldBlock:
      break;
    case net::IoStatus::End:
      lose(RedisFault::Closed, "closed by the server");
      break;
    case net::IoStatus::Broken:
      lose(result, "receive");
      break;
  }
}

void RedisConnection::take_replies() {
  while (stream_ != nullptr) {
    const auto reply = reader_.next();
    if (!reply.ok()) {
      lose(RedisFault::Protocol, reply.error().detail);
      return;
    }
    if (!reply->has_value() || !take_reply(**reply)) {
      return;
    }
  }
}

bool RedisConnection::take_reply(const Reply& reply) {
  if (state_ == State::Opening) {
    return take_step(opening_->on_reply(reply));
  }
  owner_->on_connection_reply(reply);
  return stream_ != nullptr;
}

bool RedisConnection::take_step(const OpeningStep& step) {
  switch (step.state) {
    case OpeningStep::State::Waiting:
      gather(step.send);
      return true;
    case OpeningStep::State::Failed:
      lose(step.failure.fault, step.failure.detail);
      return false;
    case OpeningStep::State::Open:
      break;
  }
  state_ = State::Open;
  deadline_.disarm();
  owner_->on_connection_open();
  return stream_ != nullptr;
}

void RedisConnection::on_broken(net::Stream&) {
  lose({.status = net::IoStatus::Broken, .error = ECONNRESET}, "receive");
}

void RedisConnection::on_deadline() {
  constexpr std::string_view kAwaited[] = {"no connection", "no TLS", "no answer", ""};
  lose(RedisFault::Timeout, std::string(kAwaited[static_cast<std::size_t>(state_)]) + " within " +
                                std::to_string(patience_.count()) + "ms");
}

void RedisConnection::send(std::span<const std::string_view> words) {
  std::string bytes;
  append_command(bytes, words);
  gather(bytes);
}

void RedisConnection::gather(std::string_view bytes) {
  if (bytes.empty()) {
    return;
  }
  gathered_ += bytes;
  if (!will_flush_) {
    will_flush_ = true;
    loop_.at_turn_end(*this);
  }
}

void RedisConnection::on_turn_end() {
  will_flush_ = false;
  if (out_.empty()) {
    flush();
  }
}

void RedisConnection::flush() {
  const net::IoResult sent = out_.send(*stream_, bytes_of(gathered_));
  gathered_.clear();
  if (sent.status == net::IoStatus::Broken) {
    lose(sent, "send");
    return;
  }
  stream_->watch(true, !out_.empty());
}

void RedisConnection::lose(const net::IoResult& result, std::string_view what) {
  const net::TlsFacts* const facts = stream_->tls();
  // A server that wants a certificate says so when the handshake is over on our side.
  if (facts != nullptr && !facts->detail.empty()) {
    lose(RedisFault::Tls,
         facts->fault != net::TlsFault::None ? net::describe(*facts) : "TLS: " + facts->detail);
    return;
  }
  // TLS peers that just go have not said that nothing follows; to a Redis that makes no difference.
  lose(RedisFault::Closed, result.error == net::kEndUnsaid
                               ? "closed by the server"
                               : system_error(result.error, Side::Backend, what).detail);
}

void RedisConnection::lose(RedisFault fault, std::string detail) {
  close();
  owner_->on_connection_lost({fault, std::move(detail)});
}

}  // namespace limpet::sharing
