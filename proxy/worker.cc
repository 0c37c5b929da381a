#include "proxy/worker.h"

#include <algorithm>
#include <utility>

#include "net/socket_stream.h"
#include "proxy/client_connection.h"
#include "proxy/tunnel.h"

namespace limpet::proxy {

namespace {

// Connections above limits.sessions that are answered 503 at a time; what comes beyond them is closed
// unanswered.
constexpr std::uint32_t kAnsweredOverLimit = 1024;
// How long before the end of the grace time everybody is sent away, so that Close frames still arrive.
constexpr Duration kFarewell = std::chrono::seconds(3);

// Out of descriptors is told of once in this time, however often accepting rests.
constexpr Duration kShortageLineEvery = std::chrono::seconds(10);

}  // namespace

Worker::Worker(Shared& shared, SnapshotPtr snapshot, std::vector<ListeningSocket> sockets, std::uint64_t seed)
    : sockets_(std::move(sockets)),
      connector_(loop_),
      context_(loop_, connector_, shared, *this, seed),
      mailbox_(loop_, [this](Letter&& letter) { receive(std::move(letter)); }),
      stop_deadline_(*this) {
  context_.snapshot = std::move(snapshot);
}

Worker::~Worker() = default;

void Worker::start(net::Mailbox<WorkerLeft>& tell) {
  thread_ = std::thread([this, &tell] {
    run();
    tell.post({});
  });
}

void Worker::join() {
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Worker::run() {
  connector_.use_below(context_.shared.descriptors.for_backends);
  for (ListeningSocket& listening : sockets_) {
    auto listener = net::Listener::start(
        loop_, std::move(listening.socket),
        [this, pool = std::string_view(listening.pool)](net::Fd socket, const SocketAddress& peer) {
          on_accept(std::move(socket), peer, pool);
        },
        {.below = context_.shared.descriptors.for_clients,
         .has_room =
             [&all = context_.shared] {
               return all.connections.load(std::memory_order_relaxed) < all.descriptors.most_clients;
             },
         .on_rest = [this] { on_accept_rests(); }});
    if (listener.ok()) {
      listeners_.push_back(std::move(listener).value());
    } else {
      context_.shared.log.error("listener_failed", {{"detail", listener.error().detail}});
    }
  }
  loop_.run();
}

void Worker::receive(Letter letter) {
  if (auto* const snapshot = std::get_if<SnapshotPtr>(&letter)) {
    context_.snapshot = std::move(*snapshot);
  } else if (const auto* const question = std::get_if<SessionQuestion>(&letter)) {
    question->reply_to->post({question->question, list_sessions(context_.sessions, question->from,
                                                                question->limit, question->backend)});
  } else if (const auto* const order = std::get_if<StopOrder>(&letter)) {
    begin_stop(*order);
  }
}

void Worker::on_accept(net::Fd socket, const SocketAddress& peer, std::string_view pool) {
  context_.counters.add(Counter::Connections);
  auto& open = context_.shared.connections;
  const std::uint32_t limit = context_.snapshot->limits.sessions;
  const std::uint32_t now_open = open.load(std::memory_order_relaxed);
  if (now_open >= limit + kAnsweredOverLimit) {
    context_.counters.add_end(CloseReason::SessionsFull);
    return;
  }
  open.fetch_add(1, std::memory_order_relaxed);
  connections_.add(std::make_unique<ClientConnection>(
      context_, net::SocketStream::adopt(loop_, std::move(socket)),
      Arrival{.peer = peer, .listener_pool = pool, .over_limit = now_open >= limit}));
}

void Worker::on_accept_rests() {
  context_.counters.add(Counter::AcceptPauses);
  context_.shared.accept_rested_ms.store(loop_.now().time_since_epoch().count(), std::memory_order_relaxed);
  if (loop_.now() < next_shortage_line_) {
    return;
  }
  next_shortage_line_ = loop_.now() + kShortageLineEvery;
  context_.shared.log.warning(
      "accepting_rests",
      {{"detail",
        "out of descriptors; new clients wait until some are free (raise the limit of open files)"}});
}

void Worker::retire(ClientConnection& connection) {
  loop_.bury(connections_.remove(connection));
  leave_if_done();
}

void Worker::on_session_gone() {
  leave_if_done();
}

void Worker::begin_stop(StopOrder order) {
  if (order.grace <= Duration::zero()) {
    end_everybody();
    return;
  }
  context_.stopping = true;
  listeners_.clear();
  context_.idle.clear();
  const Duration until_farewell = order.grace - std::min(kFarewell, order.grace / 2);
  loop_.deadlines().arm(stop_deadline_, loop_.now() + until_farewell);
  connections_.for_each([](ClientConnection& connection) { connection.leave(); });
  leave_if_done();
}

void Worker::on_deadline() {
  if (context_.farewell) {
    end_everybody();
    return;
  }
  send_everybody_away();
}

void Worker::send_everybody_away() {
  context_.farewell = true;
  context_.sessions.for_each([](Tunnel& tunnel) { tunnel.leave_for_restart(); });
  loop_.deadlines().arm(stop_deadline_, loop_.now() + kFarewell);
  leave_if_done();
}

// What is left is cut, each with its reason.
void Worker::end_everybody() {
  listeners_.clear();
  context_.sessions.for_each([](Tunnel& tunnel) { tunnel.cut(CloseReason::Shutdown); });
  connections_.for_each([](ClientConnection& connection) { connection.close_now(CloseReason::Shutdown); });
  loop_.stop();
}

void Worker::leave_if_done() {
  if (context_.stopping && connections_.empty() && context_.sessions.empty()) {
    loop_.stop();
  }
}

}  // namespace limpet::proxy
