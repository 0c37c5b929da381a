// TlsStream: a Stream that speaks TLS over another one. Nobody who uses it notices the handshake: until it is
// done nothing is readable or writable. Owned through StreamPtr. One thread: that of its loop.
//
//   Opening --handshake--> Open --> (closed)
//      |  '--fails--> Failed          on_broken(), or on_writable() where a connect is awaited; tls() says
//      why
//      '--a request in plain text--> PlainText    passes bytes as they are, so that it can be answered
//
// End means that the peer has said so (close_notify); a FIN without it is Broken, with kEndUnsaid.
//
// Of a client's connection in TLS 1.3 the library's object goes when the handshake is done: it takes 13 KiB,
// for which TlsRecords needs 300 bytes. Other connections keep it.
//
// What was sealed but not taken by the socket is kept in `out_`, and its plain bytes are a debt: the owner,
// who was not told that they were written, comes with the same bytes again, and they are skipped.
//
// Such a connection that is sent much at a time is handed over to the kernel, where that can seal it
// (tls_hand_over.cc): `out_` stays empty then, and a byte of what the kernel has not passed on is the debt.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/bulk_meter.h"
#include "net/outbox.h"
#include "net/stream.h"
#include "net/tls_client.h"
#include "net/tls_server.h"

struct ssl_session_st;

namespace limpet::net {

class TlsEngine;
class TlsRecords;

class TlsStream final : public Stream, public Disposable, private StreamEvents, private TurnEnd {
 public:
  // The server's side of a connection that was accepted.
  [[nodiscard]] static StreamPtr accept(StreamPtr socket, TlsServerPtr server);
  // The client's side of one that is connected or connecting: writable when all is done, with
  // take_socket_error() telling how it went.
  [[nodiscard]] static StreamPtr connect(StreamPtr socket, TlsClientPtr client);
  ~TlsStream() override;

  void watch(bool readable, bool writable) noexcept override;
  [[nodiscard]] IoResult read(std::span<std::uint8_t> into) noexcept override;
  [[nodiscard]] IoResult write(std::span<const std::uint8_t> bytes) noexcept override;
  [[nodiscard]] IoResult write(std::span<const iovec> parts) noexcept override;
  [[nodiscard]] bool looks_alive() noexcept override;
  [[nodiscard]] int take_socket_error() noexcept override;
  [[nodiscard]] std::optional<Duration> unanswered_for() noexcept override {
    return socket_->unanswered_for();
  }
  void keep_alive() noexcept override { socket_->keep_alive(); }
  [[nodiscard]] bool was_lost() const noexcept override { return socket_->was_lost(); }
  void shutdown_write() noexcept override;
  [[nodiscard]] IoResult write_last(std::span<const std::uint8_t> bytes) noexcept override;
  void reset_on_close() noexcept override;
  [[nodiscard]] Loop& loop() const noexcept override { return loop_; }
  [[nodiscard]] const TlsFacts* tls() const noexcept override { return &facts_; }

  // For the engine: the next step of the handshake.
  void go_on();
  // It has to wait for another turn: what comes meanwhile is not told.
  void park() noexcept;
  void keep_session(ssl_session_st* session);
  void note_secret(std::string_view line);

 private:
  enum class State : std::uint8_t { Opening, Open, PlainText, Failed, Closed };
  struct Bio;

  TlsStream(StreamPtr socket, TlsServerPtr server, TlsClientPtr client);
  void close() noexcept override;

  void on_readable(Stream& socket) override;
  void on_writable(Stream& socket) override;
  void on_broken(Stream& socket) override;
  void on_turn_end() override;

  // tls_handshake.cc, tls_bio.cc
  void go_on_later();
  [[nodiscard]] bool begin_as_server();
  [[nodiscard]] bool begin_as_client();
  [[nodiscard]] bool take_connection(ssl_st* ssl);
  void become_plain();
  void take_over_records();
  void on_open();
  void fail(TlsFacts facts);
  [[nodiscard]] TlsCounts& counts() const noexcept;
  [[nodiscard]] const char* note_client() noexcept;

  // tls_read.cc
  [[nodiscard]] bool has_library() const noexcept { return ssl_ != nullptr; }
  [[nodiscard]] std::size_t read_library(std::span<std::uint8_t> into) noexcept;
  [[nodiscard]] std::size_t read_records(std::span<std::uint8_t> into) noexcept;
  [[nodiscard]] std::size_t open_aside(std::span<std::uint8_t> into) noexcept;
  [[nodiscard]] std::size_t take_opened(std::span<std::uint8_t> into) noexcept;
  void take_end() noexcept;
  void break_off(std::uint8_t alert, std::string_view why) noexcept;
  // A call of the library: what is held is put before what the socket has, and what the library has sealed
  // is sent behind it. finish() answers false when the socket is broken.
  void start(std::size_t most_to_receive) noexcept;
  bool finish() noexcept;
  void receive() noexcept;
  // Sends what was sealed in this call; false when the socket is broken.
  bool send_sealed() noexcept;
  [[nodiscard]] std::size_t seal(std::span<const std::uint8_t> bytes) noexcept;
  [[nodiscard]] IoResult settle(std::size_t sealed) noexcept;
  [[nodiscard]] IoResult refuse_write() noexcept;
  void say_end() noexcept;
  bool end_when_all_is_sent() noexcept;
  void note_failure(int result) noexcept;

  // tls_hand_over.cc
  void consider_hand_over(std::size_t written) noexcept;
  [[nodiscard]] IoResult write_through_sealer(std::span<const iovec> parts) noexcept;
  // Done also when none is due.
  [[nodiscard]] IoResult update_sealer_key() noexcept;
  // Why the sealer's connection is broken.
  [[nodiscard]] int take_failure() noexcept;
  [[nodiscard]] IoResult write_alert_through_sealer(std::uint8_t alert) noexcept;

  // Tells the socket what is watched.
  void follow() noexcept;
  // Something can be read of which the socket will not tell.
  [[nodiscard]] bool has_pending() const noexcept;
  void tell_again();

  Loop& loop_;
  TlsEngine& engine_;
  StreamPtr socket_;       // null when closed
  ssl_st* ssl_ = nullptr;  // owned; null until the first byte has come, and when it is over or taken over
  std::unique_ptr<TlsRecords>
      records_;          // null where the library's object stays; beside it, its secrets alone
  TlsServerPtr server_;  // null on the client's side
  TlsClientPtr client_;  // null on the server's side
  std::string held_;     // received and not opened yet: no room was left for it, or it is not whole
  std::string opened_;   // and of a record that was larger than the room, the rest
  Outbox out_;           // sealed and not taken by the socket
  std::unique_ptr<TlsSealer> sealer_;  // null: we seal
  BulkMeter meter_;                    // of what we seal
  std::uint32_t debt_ = 0;
  int error_ = 0;  // why nothing more can be read: an errno, or kEndUnsaid
  State state_ = State::Opening;
  bool wants_read_ : 1 = false;
  bool wants_write_ : 1 = false;
  bool is_queued_ : 1 = false;      // for the next step of the handshake
  bool is_parked_ : 1 = false;      // and not watched meanwhile
  bool is_told_again_ : 1 = false;  // on the loop's list
  bool peer_ended_ : 1 = false;     // close_notify has come
  bool end_is_told_ : 1 = false;    // and the owner has read it, or the error
  bool end_said_ : 1 = false;       // ours has been sealed
  bool end_waits_ : 1 = false;      // the sealer has no room for it yet
  bool fin_waits_ : 1 = false;      // behind what is in out_
  bool resets_ : 1 = false;
  TlsFacts facts_;
};

}  // namespace limpet::net
