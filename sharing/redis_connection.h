// RedisConnection: one connection to one address: connects, speaks TLS if it has to, says the Opening, and
// then carries commands and replies, until it is lost or closed. Owned by a Dial, then by the link, which
// bury it. Control.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/clock.h"
#include "net/connector.h"
#include "net/deadlines.h"
#include "net/outbox.h"
#include "net/stream.h"
#include "net/tls_client.h"
#include "sharing/opening.h"
#include "sharing/redis_fault.h"
#include "sharing/resp_reader.h"

namespace limpet::sharing {

// The connection is on the stack in each of these: bury it.
class RedisConnectionOwner {
 public:
  virtual void on_connection_open() = 0;
  // Behind the opening.
  virtual void on_connection_reply(const Reply& reply) = 0;
  // It is closed already.
  virtual void on_connection_lost(const RedisFailure& failure) = 0;

 protected:
  ~RedisConnectionOwner() = default;
};

class RedisConnection final : public net::Disposable,
                              public net::StreamEvents,
                              public net::DeadlineOwner,
                              public net::TurnEnd {
 public:
  RedisConnection(net::Loop& loop, RedisConnectionOwner& owner, std::unique_ptr<Opening> opening) noexcept;
  ~RedisConnection() override { close(); }

  void set_owner(RedisConnectionOwner& owner) noexcept { owner_ = &owner; }
  // `tls` null = in plain text. All is to be open after `patience`. Tells its owner nothing from inside: the
  // error is why it has not begun.
  [[nodiscard]] std::optional<RedisFailure> open(net::Connector& connector, const SocketAddress& address,
                                                 net::TlsClientPtr tls, Duration patience);
  // Nothing is told any more.
  void close() noexcept;

  // Gathered, and sent when the turn ends. Requires that it is open.
  void send(std::span<const std::string_view> words);
  // Gathered and not taken by the socket; what it has not taken of one gathering before comes on top.
  [[nodiscard]] std::size_t unsent_bytes() const noexcept { return gathered_.size(); }
  [[nodiscard]] const Opening& opening() const noexcept { return *opening_; }
  // When bytes have come last; when it was opened before that.
  [[nodiscard]] Instant last_heard() const noexcept { return last_heard_; }

  void on_readable(net::Stream& stream) override;
  void on_writable(net::Stream& stream) override;
  void on_broken(net::Stream& stream) override;
  void on_deadline() override;
  void on_turn_end() override;

 private:
  enum class State : std::uint8_t { Connecting, Handshake, Opening, Open };

  void on_connected();
  void begin_opening();
  void take_replies();
  // False when the connection is over.
  [[nodiscard]] bool take_reply(const Reply& reply);
  [[nodiscard]] bool take_step(const OpeningStep& step);
  void gather(std::string_view bytes);
  void flush();
  void lose(RedisFault fault, std::string detail);
  void lose(const net::IoResult& result, std::string_view what);

  net::Loop& loop_;
  RedisConnectionOwner* owner_;
  std::unique_ptr<Opening> opening_;
  net::Deadline deadline_{*this};
  Duration patience_{};
  net::StreamPtr stream_;    // null before open() and when it is over
  net::TlsClientPtr tls_;    // null in plain text, and once the handshake has begun
  net::Outbox out_;          // one gathering that the socket has not taken in full
  std::string gathered_;     // behind that
  bool will_flush_ = false;  // the loop tells when the turn ends
  RespReader reader_;
  Instant last_heard_{};
  State state_ = State::Connecting;
};

}  // namespace limpet::sharing
