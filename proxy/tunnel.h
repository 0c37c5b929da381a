// Tunnel: a WebSocket session after the 101. Two relays and what is needed to end them; nothing of the HTTP
// exchange is left. It owns both streams, lives in the worker's SessionList and ends through finish(), once,
// with one reason. Worker.
//
//   Relaying --FIN of one side--> half closed --FIN of the other--> finish   (so does a reset)
//      | idle, sent away
//      v
//   Saying: each direction to its next frame boundary, then our Close
//      | both Closes are out
//      v
//   Awaiting the Close of each side, which is followed by our FIN to it
//      | both have our FIN
//      v
//   Lingering for their FINs --both, or the bound--> finish
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>

#include "base/close_reason.h"
#include "net/deadlines.h"
#include "net/stream.h"
#include "proxy/client_ledger.h"
#include "proxy/publication.h"
#include "proxy/relay.h"
#include "proxy/request_id.h"
#include "proxy/session_list.h"
#include "proxy/session_use.h"
#include "websocket/close_tally.h"

namespace limpet::proxy {

struct Context;

// What an exchange hands over when its upgrade was accepted.
struct TunnelParts {
  std::uint64_t id = 0;
  net::StreamPtr client;
  net::StreamPtr backend;
  net::Outbox to_client;         // what of the 101 the client has not taken yet
  SocketAddress client_address;  // port 0: a proxy has named the client, without one
  backends::BackendId backend_id = 0;
  RouteId route = 0;
  BackendUse backend_use;  // already a session, and something was counted of the backend
  PinUse pin_use;
  ClientSeat seat;
  RequestId request_id;
  affinity::PinReason pin_reason = affinity::PinReason::Balance;
};

// Where a session stands that limpet itself ends.
enum class Parting : std::uint8_t { None, Saying, Awaiting, Lingering };

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

  // Ends the session in good order (tunnel_farewell.cc): each way, at the next frame boundary and behind
  // everything that was accepted before, a Close with the code and reason of `cause` and its pool; the
  // answers are awaited for a while. What is still there after `grace` is cut. Where an end has said Close
  // already, nothing is said and only the grace counts. False when nobody was told, because of that or
  // because the session was leaving already: then a shorter grace counts all the same.
  bool send_away(CloseReason cause, Duration grace);
  // timeouts.idle has become shorter.
  void on_idle_timeout_changed();
  // Ends it at once.
  void cut(CloseReason cause);

  // tunnel_publish.cc. A published message for the client.
  enum class Offer : std::uint8_t {
    Sent,     // it is on its way: nothing of the session will stand before it that is not there yet
    Queued,   // it waits for the end of a message, or for the client to read
    Full,     // more waits already than `queue_bytes`
    Refused,  // the session ends, or its boundaries are not known
  };
  // May finish the tunnel. Those of one session are put in the order of the calls that did not answer Full.
  [[nodiscard]] Offer publish(const FramePtr& frame, std::size_t queue_bytes);
  // False from the first Close of either side on, and where nothing may follow to the client.
  [[nodiscard]] bool takes_publications() const noexcept;

  void on_readable(net::Stream& stream) override;
  void on_writable(net::Stream& stream) override;
  void on_broken(net::Stream& stream) override;
  void on_batch_end() override;
  void on_deadline() override;

  [[nodiscard]] SessionView view() const;
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] backends::BackendId backend() const noexcept { return backend_id_; }
  [[nodiscard]] bool has_deadline() const noexcept { return deadline_.armed(); }
  [[nodiscard]] bool is_live() const noexcept { return client_ != nullptr; }
  // send_away() was called, or it was idle for too long.
  [[nodiscard]] bool is_leaving() const noexcept { return cut_at_ != Instant::max(); }
  [[nodiscard]] Instant last_activity() const noexcept {
    return std::max(from_client_.active, from_backend_.active);
  }
  [[nodiscard]] Instant heard_from_backend() const noexcept { return from_backend_.active; }
  [[nodiscard]] bool is_of(affinity::PoolId pool, const affinity::Key& key) const noexcept {
    return pin_use_.is_of(pool, key);
  }
  [[nodiscard]] RouteId route() const noexcept { return route_; }
  [[nodiscard]] const std::string& key_text() const noexcept { return pin_use_.key_text(); }
  // For the PeerWatch.
  [[nodiscard]] Instant opened() const noexcept { return opened_; }
  [[nodiscard]] bool holds_bytes() const noexcept {
    return !from_client_.out.empty() || !from_backend_.out.empty();
  }
  [[nodiscard]] net::Stream& client_stream() noexcept { return *client_; }
  [[nodiscard]] net::Stream& backend_stream() noexcept { return *backend_; }
  // One of its ends has vanished. Requires that it is not leaving.
  void end_lost(CloseReason reason);
  [[nodiscard]] std::uint32_t slot() const noexcept { return slot_; }
  void set_slot(std::uint32_t slot) noexcept { slot_ = slot; }

 private:
  void pump(Relay& relay, net::Stream& from, net::Stream& to);
  // False when the tunnel was finished.
  bool pass(Relay& relay, net::Stream& to, std::span<const std::uint8_t> bytes);
  // What the scanner has looked at; as pass().
  bool pass_on(Relay& relay, net::Stream& to, std::span<const std::uint8_t> bytes);
  bool note_sent(const net::IoResult& sent, const net::Stream& to);
  // Sends what waits for the end of the batch; false when that finished the tunnel.
  bool flush_deferred();
  bool flush(Relay& relay, net::Stream& to);
  void on_source_end(Relay& relay, net::Stream& to);
  // Tells the destination of the end once everything has passed; false when that finished the tunnel.
  bool pass_on_fin(Relay& relay, net::Stream& to);
  void note_initiator(const Relay& relay) noexcept;
  void update_watches() noexcept;
  [[nodiscard]] bool is_last_word(const Relay& relay) const noexcept;
  [[nodiscard]] bool is_closed_both_ways() const noexcept;
  [[nodiscard]] bool is_half_closed() const noexcept;
  // An end has said Close, or is saying it.
  [[nodiscard]] bool is_closing() const noexcept;
  [[nodiscard]] Duration idle_bound() const noexcept;
  void arm_idle();
  void end_by_reset(const net::Stream& broken);
  void end_short_of_memory();
  enum class Manner : std::uint8_t { InOrder, Cut };
  void finish(CloseReason reason, Manner manner = Manner::InOrder);
  // Whose Close was the first, and its code.
  struct FirstClose {
    Side by = Side::Self;
    std::uint16_t code = websocket::kNoClose;
  };
  void count_end(CloseReason reason, const FirstClose& close);
  [[nodiscard]] FirstClose first_close(CloseReason reason) const noexcept;
  void log_end(CloseReason reason, Manner manner, const FirstClose& close) const;

  // tunnel_farewell.cc. Those that answer bool: false when that finished the tunnel.
  bool begin_farewell(Relay& relay, net::Stream& to);
  bool say_close(Relay& relay, net::Stream& to);
  [[nodiscard]] std::uint16_t own_close_code() const;
  void pump_farewell(Relay& relay, net::Stream& from, net::Stream& to);
  bool pass_farewell(Relay& relay, net::Stream& to, std::span<const std::uint8_t> bytes);
  bool advance_farewell();
  void say_end(Relay& relay, net::Stream& to);
  void arm_farewell(Duration wait);
  void lose(net::Stream& gone);
  void on_farewell_deadline();

  // tunnel_publish.cc. Likewise.
  bool pass_publishing(std::span<const std::uint8_t> bytes);
  bool publish_at_rest();
  bool put_waiting();
  bool put(const std::string& frame);
  void drop_waiting() noexcept;

  // Publications for the client, the oldest first.
  struct WaitingFrames {
    std::deque<FramePtr> frames;  // never empty
    std::size_t bytes = 0;        // of all of them
  };

  // What every message touches stands first: three cache lines.
  Context& context_;
  net::StreamPtr client_;                      // null after finish()
  net::StreamPtr backend_;                     // null after finish()
  CloseReason initiator_ = CloseReason::None;  // ClientClosed or BackendClosed: who began to close
  CloseReason ending_ = CloseReason::None;     // why limpet ends it; None = it does not
  Parting parting_ = Parting::None;            // None while ending_ is
  bool was_sent_away_ = false;                 // by an order, which an idle session is not
  affinity::PinReason pin_reason_;
  std::unique_ptr<WaitingFrames> waiting_;  // null unless publications wait
  Relay from_client_;
  Relay from_backend_;

  std::uint64_t id_;
  std::uint32_t slot_ = 0;
  backends::BackendId backend_id_;
  RouteId route_;
  Instant cut_at_ = Instant::max();  // when it is cut if it is still there; max = it is not leaving
  net::Deadline deadline_;
  Instant opened_;
  SocketAddress client_address_;
  BackendUse backend_use_;
  PinUse pin_use_;
  ClientSeat seat_;
  RequestId request_id_;
};

// A live session costs this and two Streams. Grow it only with a reason.
static_assert(sizeof(Tunnel) <= 640);

}  // namespace limpet::proxy
