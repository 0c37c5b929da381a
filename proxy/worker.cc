#include "proxy/worker.h"

#include <utility>

#include "net/socket_stream.h"
#include "net/tls_stream.h"
#include "proxy/client_connection.h"
#include "proxy/tunnel.h"

namespace limpet::proxy {

namespace {

// Connections above limits.sessions that are answered 503 at a time; what comes beyond them is closed
// unanswered.
constexpr std::uint32_t kAnsweredOverLimit = 1024;
// Out of descriptors is told of once in this time, however often accepting rests.
constexpr Duration kShortageLineEvery = std::chrono::seconds(10);

}  // namespace

Worker::Worker(Shared& shared, SnapshotPtr snapshot, std::vector<ListeningSocket> sockets, std::uint64_t seed)
    : sockets_(std::move(sockets)),
      connector_(loop_),
      context_(loop_, connector_, shared, *this, seed),
      proxied_(loop_, context_, *this),
      listeners_(loop_, shared.log,
                 [this](net::Fd socket, const SocketAddress& peer, const ListenerRulePtr& rule) {
                   on_accept(std::move(socket), peer, rule);
                 }),
      mailbox_(loop_, [this](Letter&& letter) {
        std::visit([this](auto&& one) { on_letter(std::forward<decltype(one)>(one)); }, std::move(letter));
      }) {
  context_.snapshot = std::move(snapshot);
  context_.pin_asker = this;
}

Worker::~Worker() = default;

void Worker::start(net::Mailbox<WorkerLeft>& tell, std::size_t number) {
  context_.number = number;
  tell_ = &tell;
  thread_ = std::thread([this] {
    run();
    tell_done();
  });
}

void Worker::join() {
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Worker::run() {
  connector_.use_below(context_.shared.descriptors.for_backends);
  peers_.start();
  for (ListeningSocket& listening : sockets_) {
    listeners_.open(std::move(listening), listener_options());
  }
  sockets_.clear();
  loop_.run();
}

net::ListenerOptions Worker::listener_options() {
  return {.below = context_.shared.descriptors.for_clients,
          .has_room =
              [&all = context_.shared] {
                return all.connections.load(std::memory_order_relaxed) < all.descriptors.most_clients;
              },
          .on_rest = [this] { on_accept_rests(); }};
}

void Worker::on_accept(net::Fd socket, const SocketAddress& peer, const ListenerRulePtr& rule) {
  context_.counters.add(Counter::Connections);
  auto& open = context_.shared.connections;
  const std::uint32_t limit = context_.snapshot->limits.sessions;
  const std::uint32_t now_open = open.load(std::memory_order_relaxed);
  if (now_open >= limit + kAnsweredOverLimit) {
    context_.counters.add_end(CloseReason::SessionsFull);
    return;
  }
  open.fetch_add(1, std::memory_order_relaxed);
  Arrival arrival{
      .peer = peer, .destination = rule->address, .listener = rule, .over_limit = now_open >= limit};
  if (context_.snapshot->introduces_clients) {
    arrival.destination = net::local_address(socket);
  }
  if (rule->requires_proxy_header) {
    proxied_.add(std::move(socket), std::move(arrival));
  } else {
    receive(std::move(socket), std::move(arrival));
  }
}

void Worker::receive(net::Fd socket, Arrival arrival) {
  net::StreamPtr stream = net::SocketStream::adopt(loop_, std::move(socket));
  if (const net::TlsServerPtr& tls = arrival.listener->tls) {
    stream = net::TlsStream::accept(std::move(stream), tls);
    arrival.used_tls = true;
  }
  connections_.add(std::make_unique<ClientConnection>(context_, std::move(stream), std::move(arrival)));
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
  tell_if_done();
}

void Worker::on_session_gone() {
  tell_if_done();
}

void Worker::tell_if_done() {
  if (context_.stopping && connections_.empty() && context_.sessions.empty()) {
    tell_done();
  }
}

void Worker::tell_done() {
  if (net::Mailbox<WorkerLeft>* const tell = std::exchange(tell_, nullptr)) {
    tell->post({});
  }
}

}  // namespace limpet::proxy
