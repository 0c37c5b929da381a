// Exchange: one request with one backend: decide, connect (or take an idle connection), pass the request on,
// pass the answer back, try the next backend while nothing of an answer was seen. Owned by its
// ClientConnection; what it borrows goes back in release(). The request half is exchange_request.cc, the
// attempts exchange_attempt.cc, the waits exchange_wait.cc, other nodes exchange_sharing.cc, the answer
// exchange_answer.cc, its lines in the log exchange_log.cc. Worker.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "affinity/decide.h"
#include "http/body_framer.h"
#include "http/forwarded.h"
#include "http/head_parser.h"
#include "http/head_writer.h"
#include "net/outbox.h"
#include "net/stream.h"
#include "proxy/body_pace.h"
#include "proxy/context.h"
#include "proxy/pin_wait.h"
#include "proxy/request_id.h"
#include "proxy/session_use.h"
#include "websocket/handshake.h"

namespace limpet::proxy {

class Exchange final : public net::Disposable,
                       public net::StreamEvents,
                       public net::BatchEnd,
                       private PinWaiter {
 public:
  Exchange(Context& context, ClientConnection& client);
  ~Exchange() override;

  // Takes what is needed of the head; `head` is not used afterwards. False when the request was refused.
  [[nodiscard]] bool read_request(const http::RequestHead& head, std::string_view listener_pool);
  // Bytes behind the head; answers how many belong to this request's body.
  [[nodiscard]] std::size_t on_request_bytes(std::string_view bytes);
  // Decides and connects: the first attempt, and each further one.
  void attempt();

  [[nodiscard]] bool request_is_complete() const noexcept { return request_body_.done(); }
  // The backend takes more of the body now.
  [[nodiscard]] bool takes_request_bytes() const noexcept;
  // What one read may give, so that what comes behind the body is bounded too.
  [[nodiscard]] std::size_t most_a_read() const noexcept;
  // The client took bytes that waited: the answer may go on.
  void on_client_progress(std::size_t bytes);
  [[nodiscard]] bool is_connected() const noexcept { return connected_; }
  [[nodiscard]] bool progressed_within(Duration bound) const;
  void on_deadline();
  // The client connection is being closed in the middle of this exchange.
  void on_cut(CloseReason reason);
  // Lets go of backend and pin: the attempt is over.
  void release();

  void on_readable(net::Stream& stream) override;
  void on_writable(net::Stream& stream) override;
  void on_broken(net::Stream& stream) override;
  void on_batch_end() override;

 private:
  static constexpr std::size_t kMostTries = 12;  // retries is at most 10
  static constexpr std::string_view kOutOfChunks = "no buffer is left for what the backend does not take";

  // exchange_request.cc
  [[nodiscard]] bool note_upgrade(const http::RequestHead& head);
  // Whether this client may open a session now; false when the request was refused.
  [[nodiscard]] bool admit_session(const http::RequestHead& head);
  [[nodiscard]] http::Origin read_origin(const http::RequestHead& head) const;
  [[nodiscard]] RequestId read_request_id(const http::RequestHead& head);
  void write_request(const http::RequestHead& head, const affinity::PoolView& pool,
                     const http::Origin& origin);
  void note_failed_handshake(CloseReason reason);
  // False when that ended the exchange.
  bool pass_request_piece(std::string_view encoded);
  void on_request_complete();

  // exchange_attempt.cc
  [[nodiscard]] affinity::Decision decide_backend(const affinity::PoolView& pool);
  void connect_to(const backends::Backend& backend);
  // Tells a backend that wants to hear it first of all who the client is (send_proxy); false when it does not
  // take that.
  void await_backend();
  [[nodiscard]] bool introduce_client();
  void on_reached();
  void on_connected();
  void send_request();
  void on_request_sent();
  // Holds the client's pin for the decision, once; false when another request of the client has changed it
  // meanwhile.
  [[nodiscard]] bool claim_pin(const affinity::PoolView& pool);
  // exchange_sharing.cc
  // Whether the decision would change a pin that is known here.
  [[nodiscard]] bool moves_pin() const noexcept;
  [[nodiscard]] bool may_ask() const noexcept;
  // True when the answer is to be awaited.
  [[nodiscard]] bool ask_for_pin(const affinity::PoolView& pool);
  void on_pin_answer(bool is_settled) override;
  [[nodiscard]] bool is_pinned_as_decided() const;

  // The attempt failed before any byte of an answer: the next one, if there may be one.
  void on_attempt_failed(CloseReason reason, std::string_view detail);
  [[nodiscard]] bool may_repeat() const noexcept;
  // No further attempt: answers for itself, or cuts an answer that has begun.
  void fail(CloseReason reason, std::string_view detail = {}, std::uint32_t retry_after_s = 0);
  void update_backend_watch();
  void on_backend_gone(CloseReason reason);
  // exchange_wait.cc
  // How long the answer to an upgrade is awaited while another backend could give it; none when none could.
  [[nodiscard]] std::optional<Duration> handshake_bound() const;
  [[nodiscard]] bool could_go_elsewhere() const noexcept;
  // What the exchange is waiting for, since when and how long at most.
  struct Wait {
    Instant since;
    Duration bound;
    CloseReason reason;    // of its end
    bool goes_on = false;  // the next backend is tried then
  };
  [[nodiscard]] Wait wait_under_way() const;

  // exchange_answer.cc
  void read_answer_head(std::string_view bytes);
  void pass_interim(const http::ResponseHead& head);
  void switch_protocols(const http::ResponseHead& head, std::string_view rest);
  // Told to the balance of drains, and to who waits for handshakes: how fast this backend takes clients.
  void note_handshake();
  void note_answer(int status);
  void begin_answer(const http::ResponseHead& head, std::string_view rest);
  void write_answer_head(const http::ResponseHead& head);
  void pass_answer_body(std::string_view bytes);
  // False when the client is gone.
  bool pass_answer_piece(std::string_view data);
  bool flush_assembly(bool may_wait = false);  // for the end of the batch
  void finish_answer(std::string_view spare);
  void keep_backend(std::string_view spare);
  [[nodiscard]] std::string cookie_field();
  [[nodiscard]] bool is_nameless() const noexcept;
  [[nodiscard]] const backends::Backend* backend() const noexcept;

  // exchange_log.cc
  struct ServedBy {
    std::string_view pool;  // empty where there is none
    std::string_view backend;
  };
  [[nodiscard]] ServedBy served_by() const noexcept;
  [[nodiscard]] std::string client_text() const;
  [[nodiscard]] std::string key_text() const;
  void log_request(CloseReason reason) const;
  void log_session_open(std::uint64_t session) const;

  [[nodiscard]] PoolCounts& pool_counts() { return context_.pools.of(pool_); }
  // What this worker counts of the backend of the attempt; null between attempts.
  [[nodiscard]] backends::Traffic* traffic();

  Context& context_;
  ClientConnection& client_;

  // The request.
  affinity::PoolId pool_ = 0;
  RouteId route_ = 0;
  affinity::Identity identity_;
  IpAddress client_address_;
  RequestId request_id_;
  std::string request_;    // as it goes to the backend; kept while it could be sent again
  std::string accept_;     // the Sec-WebSocket-Accept a backend must answer; empty = no upgrade
  std::string protocols_;  // the subprotocols offered
  std::string extensions_;
  std::string label_;  // "GET /path" for the log; empty unless it is written
  http::BodyFramer request_body_;
  http::Version client_version_ = http::Version::Http11;
  bool request_kept_ = true;  // request_ still begins with the head
  bool is_head_ = false;
  bool is_idempotent_ = false;
  bool asks_upgrade_ = false;  // in whatever form
  bool client_keeps_alive_ = false;
  bool client_used_tls_ = false;

  // The attempt under way.
  std::array<backends::BackendId, kMostTries> tried_{};
  std::uint8_t tries_ = 0;
  int claims_ = 0;
  bool connected_ = false;
  bool reused_ = false;      // over a connection that was idle
  bool introduced_ = false;  // the connection is this client's alone
  bool fresh_only_ = false;  // an idle connection has failed this request already
  CloseReason last_failure_ = CloseReason::NoBackend;
  affinity::Decision decision_;
  backends::BackendId backend_id_ = 0;
  std::uint64_t backend_epoch_ = 0;  // of IdleBackends, when it was connected
  net::StreamPtr backend_;           // null between attempts
  net::Outbox to_backend_;
  BackendUse use_;
  PinUse pin_;
  PinWait pin_wait_;
  // Set by the first question to other nodes; has passed when they gave no answer.
  std::optional<Instant> asks_until_;
  backends::BackendId proposed_ = 0;  // to them, as the first choice of a new client
  ClientSeat seat_;                   // of an upgrade, where clients are limited

  // The answer.
  std::string answer_;  // the begin of a head that came in pieces
  http::HeadEnd answer_end_;
  http::BodyFramer answer_body_;
  http::Framing to_client_ = http::Framing::None;  // how the body goes to the client
  int status_ = 0;                                 // 0 = no answer has begun
  std::uint32_t interims_ = 0;
  bool backend_keeps_alive_ = false;
  std::optional<std::uint32_t> backend_keep_alive_s_;
  std::uint64_t answer_bytes_ = 0;

  Instant started_;
  Instant asked_;  // when the request was there whole; by the clock, as handshake_began_
  Instant request_done_;
  // When an upgrade was sent. The loop's time stands still while it waits; whole milliseconds of the clock
  // are right on average.
  Instant handshake_began_;
  BodyPace pace_;  // of what is on its way: the request's body, then the answer's
};

}  // namespace limpet::proxy
