// Worker: one thread with one loop: accepts, owns connections and tunnels, frees the closed at the end of the
// turn. Built, started and ended by control, which talks to it through its mailbox alone; a connection never
// changes worker.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "base/slot_list.h"
#include "net/connector.h"
#include "net/listener.h"
#include "net/mailbox.h"
#include "net/uv_loop.h"
#include "proxy/context.h"
#include "proxy/peer_watch.h"
#include "proxy/proxied_arrivals.h"
#include "proxy/send_away.h"
#include "proxy/worker_listeners.h"

namespace limpet::proxy {

struct SessionReply {
  std::uint64_t question = 0;  // as asked
  SessionPage page;
};

struct SessionQuestion {
  std::uint64_t question = 0;
  std::size_t from = 0;
  std::size_t limit = 0;
  std::optional<backends::BackendId> backend;
  net::Mailbox<SessionReply>* reply_to = nullptr;  // outlives the worker
};

// A worker has nothing left that could end.
struct WorkerLeft {};

// Nobody new is accepted; the worker tells when everything has ended.
struct StopAccepting {};
// Everything ends now.
struct StopAtOnce {};

// While it is held nobody is accepted: clients wait in the queues of the listening sockets.
struct HoldAccepting {
  bool on = true;
};

class Worker final : private ConnectionOwner, private ArrivalReceiver, private sharing::PinAsker {
 public:
  Worker(Shared& shared, SnapshotPtr snapshot, std::vector<ListeningSocket> sockets, std::uint64_t seed);
  ~Worker();  // requires join()
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Control. `tell` is posted to once, when the worker has nothing left after stop_accepting() or stop(); it
  // outlives the worker. `number` is how the worker calls itself in its answers.
  void start(net::Mailbox<WorkerLeft>& tell, std::size_t number = 0);
  void join();

  // Any thread.
  void apply(SnapshotPtr snapshot) { mailbox_.post(std::move(snapshot)); }
  void apply(ListenerChange change) { mailbox_.post(std::move(change)); }
  void ask(SessionQuestion question) { mailbox_.post(question); }
  void hold(HoldAccepting order) { mailbox_.post(order); }
  // Closes the listeners and what is idle, lets running requests finish and sessions go on. Whose sessions
  // are to go is control's work, as in any drain; one that opens meanwhile, from a request that was under
  // way, is found by the next order. Questions are answered until stop().
  void stop_accepting() { mailbox_.post(StopAccepting{}); }
  // Ends all at once, and leaves.
  void stop(StopAtOnce order = {}) { mailbox_.post(order); }
  // See proxy/send_away.h.
  void send_away(SendAway order) { mailbox_.post(order); }
  void cut(CutBackend order) { mailbox_.post(order); }
  void end(EndSession order) { mailbox_.post(order); }
  void move(MoveKey order) { mailbox_.post(std::move(order)); }
  // See proxy/publishing.h.
  void publish(PublicationPtr publication) { mailbox_.post(std::move(publication)); }
  [[nodiscard]] const Counters& counters() const noexcept { return context_.counters; }
  [[nodiscard]] const WaitTally& lag() const noexcept { return loop_.lag(); }
  // For its counts.
  [[nodiscard]] const net::ChunkPool& chunks() const noexcept { return loop_.chunks(); }
  [[nodiscard]] const PoolTallies& pools() const noexcept { return context_.pools; }

 private:
  using Letter =
      std::variant<SnapshotPtr, ListenerChange, SessionQuestion, HoldAccepting, StopAccepting, StopAtOnce,
                   SendAway, CutBackend, EndSession, MoveKey, PublicationPtr, sharing::PinAnswer>;

  void run();
  [[nodiscard]] net::ListenerOptions listener_options();
  void on_accept(net::Fd socket, const SocketAddress& peer, const ListenerRulePtr& rule);
  void on_accept_rests();
  void tell_if_done();
  void tell_done();

  // worker_orders.cc: one a letter.
  void on_letter(SnapshotPtr snapshot);
  void on_letter(ListenerChange change);
  void on_letter(const SessionQuestion& question);
  void on_letter(HoldAccepting order);
  void on_letter(StopAccepting order);
  void on_letter(StopAtOnce order);
  void on_letter(const SendAway& order);
  void on_letter(const CutBackend& order);
  void on_letter(const EndSession& order);
  void on_letter(const MoveKey& order);
  void on_letter(const sharing::PinAnswer& answer);
  void on_letter(PublicationPtr publication);

  void answer(sharing::PinAnswer answer) override { mailbox_.post(answer); }
  void receive(net::Fd socket, Arrival arrival) override;
  void retire(ClientConnection& connection) override;
  void on_session_gone() override;

  std::vector<ListeningSocket> sockets_;
  net::UvLoop loop_;
  net::SocketConnector connector_;
  Context context_;
  ProxiedArrivals proxied_;
  SlotList<ClientConnection> connections_;
  WorkerListeners listeners_;
  net::Mailbox<Letter> mailbox_;
  PeerWatch peers_{context_};
  Instant next_shortage_line_{};
  std::thread thread_;
  net::Mailbox<WorkerLeft>* tell_ = nullptr;  // null once told
};

}  // namespace limpet::proxy
