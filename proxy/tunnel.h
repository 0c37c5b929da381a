// Tunnel: a WebSocket session after the 101. Two relays and what is needed to end them; nothing of the HTTP
// exchange is left. It owns both streams, lives in the worker's SessionList and ends through finish(), once,
// with one reason. Worker.
//
//   Relaying --FIN of one side--> half closed --FIN of the other--> finish
//      | idle, told to leave: Close frames where a frame may stand, FIN both ways
//      v
//   Ending --both FIN, or the bound--> finish                  (a reset finishes from anywhere)
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/close_reason.h"
#include "net/deadlines.h"
#include "net/stream.h"
#include "proxy/client_ledger.h"
#include "proxy/relay.h"
#include "proxy/session_list.h"
#include "proxy/session_use.h"

namespace limpet::proxy {

struct Context;

// What an exchange hands over when its upgrade was accepted.
struct TunnelParts {
  std::uint64_t id = 0;
  net::StreamPtr client;
  net::StreamPtr backend;
  net::Outbox to_client;  // what of the 101 the client has not taken yet
  SocketAddress client_address;
  backends::BackendId backend_id = 0;
  BackendUse backend_use;  // already a session
  PinUse pin_use;
  ClientSeat seat;
};

class Tunnel final : public net::Disposable,
                     public net::StreamEvents,
                     public net::BatchEnd,
                     public net::DeadlineOwner {
 public:
  Tunnel(Context& context, TunnelParts parts);
  ~Tunnel() override;

  // Bytes that came with the 101 or with the upgrade request. Call before the loop turns again.
  // Any of these may finish the tunnel.
  void pass_early(std::string_view from_client, std::string_view from_backend);

  // Ends the session from our side: a Close with `code` and `text` (at most 123 bytes) each way where a frame
  // may stand.
  void leave(std::uint16_t code, std::string_view text, CloseReason reason);
  // The same because limpet stops: 1012, service restart.
  void leave_for_restart();
  // Ends it at once.
  void cut(CloseReason reason);

  void on_readable(net::Stream& stream) override;
  void on_writable(net::Stream& stream) override;
  void on_broken(net::Stream& stream) override;
  void on_batch_end() override;
  void on_deadline() override;

  [[nodiscard]] SessionView view() const;
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] backends::BackendId backend() const noexcept { return backend_id_; }
  [[nodiscard]] bool has_deadline() const noexcept { return deadline_.armed(); }
  [[nodiscard]] std::uint32_t slot() const noexcept { return slot_; }
  void set_slot(std::uint32_t slot) noexcept { slot_ = slot; }

 private:
  void pump(Relay& relay, net::Stream& from, net::Stream& to);
  // False when the tunnel was finished.
  bool pass(Relay& relay, net::Stream& to, std::span<const std::uint8_t> bytes);
  bool note_sent(const net::IoResult& sent, const net::Stream& to);
  // Sends what waits for the end of the batch; false when that finished the tunnel.
  bool flush_deferred();
  bool flush(Relay& relay, net::Stream& to);
  void on_source_end(Relay& relay, net::Stream& to);
  // Tells the destination of the end once everything has passed; false when that finished the tunnel.
  bool pass_on_fin(Relay& relay, net::Stream& to);
  void discard(Relay& relay, net::Stream& from);
  void send_close(Relay& relay, net::Stream& to, std::string_view frame);
  void note_initiator(const Relay& relay) noexcept;
  void update_watches() noexcept;
  [[nodiscard]] bool is_last_word(const Relay& relay) const noexcept;
  [[nodiscard]] bool is_closed_both_ways() const noexcept;
  [[nodiscard]] bool is_half_closed() const noexcept;
  [[nodiscard]] Duration idle_bound() const noexcept;
  void arm_idle();
  void end_by_reset(const net::Stream& broken);
  void end_short_of_memory();
  void finish(CloseReason reason);
  void log_end(CloseReason reason) const;

  // What every message touches stands first: three cache lines.
  Context& context_;
  net::StreamPtr client_;   // null after finish()
  net::StreamPtr backend_;  // null after finish()
  Instant last_activity_;
  CloseReason initiator_ = CloseReason::None;  // ClientClosed or BackendClosed: who began to close
  CloseReason ending_ = CloseReason::None;     // why limpet ends it; None = it does not
  Relay from_client_;
  Relay from_backend_;

  std::uint64_t id_;
  std::uint32_t slot_ = 0;
  backends::BackendId backend_id_;
  net::Deadline deadline_;
  Instant opened_;
  SocketAddress client_address_;
  BackendUse backend_use_;
  PinUse pin_use_;
  ClientSeat seat_;
};

// A live session costs this and two Streams. Grow it only with a reason.
static_assert(sizeof(Tunnel) <= 640);

}  // namespace limpet::proxy
