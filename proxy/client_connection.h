// ClientConnection: one client's stream. It reads heads, runs one exchange at a time and becomes a tunnel or
// closes. What comes while an exchange cannot take it (early or pipelined bytes) waits here, bounded. Owned
// by the worker; freed at the end of the turn in which it closed, so its callbacks may still be on the stack.
// Worker.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/close_reason.h"
#include "http/head_parser.h"
#include "net/deadlines.h"
#include "net/outbox.h"
#include "net/stream.h"
#include "proxy/arrival.h"
#include "proxy/body_pace.h"
#include "proxy/context.h"
#include "proxy/exchange.h"
#include "proxy/session_state.h"
#include "proxy/tunnel.h"

namespace limpet::proxy {

class ClientConnection final : public net::Disposable,
                               public net::StreamEvents,
                               public net::BatchEnd,
                               public net::DeadlineOwner {
 public:
  // What a client may send ahead of its turn: frames before the 101, pipelined requests.
  static constexpr std::size_t kEarlyBytes = 64 * 1024;

  ClientConnection(Context& context, net::StreamPtr stream, Arrival arrival);
  ~ClientConnection() override;

  void on_readable(net::Stream& stream) override;
  void on_writable(net::Stream& stream) override;
  void on_broken(net::Stream& stream) override;
  void on_batch_end() override;
  void on_deadline() override;

  // limpet is leaving: closes if nothing is under way, else after the answer under way.
  void leave();
  // Ends at once, whatever is under way.
  void close_now(CloseReason reason);

  [[nodiscard]] bool has_deadline() const noexcept { return deadline_.armed(); }
  [[nodiscard]] std::uint32_t slot() const noexcept { return slot_; }
  void set_slot(std::uint32_t slot) noexcept { slot_ = slot; }

  // For the exchange. After any of these the connection may be gone: is_open() tells.
  // The one function that changes the state.
  void advance(SessionState next);
  [[nodiscard]] SessionState state() const noexcept { return state_; }
  [[nodiscard]] bool is_open() const noexcept { return stream_ != nullptr; }
  [[nodiscard]] const Arrival& arrival() const noexcept { return arrival_; }
  // Null when the client came in plain TCP. Requires is_open().
  [[nodiscard]] const net::TlsFacts* tls() const noexcept { return stream_->tls(); }
  // Soon: at the end of the batch, for the last of an answer behind which the connection goes on.
  enum class When : std::uint8_t { Now, Soon };
  // False when the client is gone.
  bool send(std::string_view bytes, When when = When::Now);
  // Nothing waits to be sent: the source of the answer may be read.
  [[nodiscard]] bool can_send() const noexcept { return out_.empty(); }
  void arm(Duration wait);
  void update_watch();
  // The answer under way has no framing but the end of the connection: a cut one must end in another way.
  void note_answer_until_close() noexcept { until_close_ = true; }
  // Ends the exchange with an answer of our own, and the connection with it. `retry_after_s`: 0 = what the
  // status asks for.
  void refuse(CloseReason reason, std::string_view detail = {}, std::uint32_t retry_after_s = 0);
  // The exchange has answered in full.
  void on_exchange_done(bool keep_alive);
  void become_tunnel(TunnelParts parts, std::string_view from_backend);

 private:
  void read_head();
  void read_for_exchange();
  void discard();
  // Reads into the scratch; empty when there was nothing, or the end or a failure, which it deals with.
  [[nodiscard]] std::string_view read_some(std::size_t most);
  void on_client_end();
  // False when the connection was refused because it is not the TLS that it should be.
  [[nodiscard]] bool speaks_as_it_should();
  void consume(std::string_view bytes);
  void begin_exchange(std::string_view head, std::string_view rest);
  void keep(std::string_view rest);
  void await_reader();
  void serve_next();
  void serve_inbox();
  void close_gently(CloseReason reason);
  void drop_exchange();

  Context& context_;
  net::StreamPtr stream_;  // null once closed or handed over
  net::Outbox out_;
  std::string inbox_;  // bytes of the client that nobody has taken yet; empty while idle
  http::HeadEnd head_end_;
  std::unique_ptr<Exchange> exchange_;  // null while reading a head and while closing
  net::Deadline deadline_;
  Arrival arrival_;
  std::uint32_t slot_ = 0;
  BodyPace pace_;  // of the rest of an answer that the client has yet to take
  SessionState state_ = SessionState::ReadingHead;
  CloseReason closing_for_ = CloseReason::None;  // set: close when out_ is flushed
  bool served_any_ = false;     // a request was answered: the connection is between requests, not new
  bool refusing_head_ = false;  // the request under way is HEAD: an answer of ours has no body
  bool until_close_ = false;
  bool client_ended_ = false;  // FIN received: what was asked is still answered
};

}  // namespace limpet::proxy
