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

namespace limpet::proxy {

// A listening socket of one worker and where its requests go.
struct ListeningSocket {
  net::Fd socket;
  std::string pool;  // of requests that no route takes; empty = none
};

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

// A worker's last word.
struct WorkerLeft {};

struct StopOrder {
  Duration grace{};  // 0 = at once
};

class Worker final : private ConnectionOwner, private net::DeadlineOwner {
 public:
  Worker(Shared& shared, SnapshotPtr snapshot, std::vector<ListeningSocket> sockets, std::uint64_t seed);
  ~Worker();  // requires join()
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Control. `tell` is posted to when the worker has left; it outlives the worker.
  void start(net::Mailbox<WorkerLeft>& tell);
  void join();

  // Any thread.
  void apply(SnapshotPtr snapshot) { mailbox_.post(std::move(snapshot)); }
  void ask(SessionQuestion question) { mailbox_.post(question); }
  // Stops accepting, lets running requests finish; ends everything within the grace time. A second order may
  // shorten it.
  void stop(StopOrder order) { mailbox_.post(order); }
  [[nodiscard]] const Counters& counters() const noexcept { return context_.counters; }

 private:
  using Letter = std::variant<SnapshotPtr, SessionQuestion, StopOrder>;

  void run();
  void receive(Letter letter);
  void on_accept(net::Fd socket, const SocketAddress& peer, std::string_view pool);
  void on_accept_rests();
  void begin_stop(StopOrder order);
  void send_everybody_away();
  void end_everybody();
  void leave_if_done();

  void retire(ClientConnection& connection) override;
  void on_session_gone() override;
  void on_deadline() override;

  std::vector<ListeningSocket> sockets_;
  net::UvLoop loop_;
  net::SocketConnector connector_;
  Context context_;
  SlotList<ClientConnection> connections_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  net::Mailbox<Letter> mailbox_;
  net::Deadline stop_deadline_;
  Instant next_shortage_line_{};
  std::thread thread_;
};

}  // namespace limpet::proxy
