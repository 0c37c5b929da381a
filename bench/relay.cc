// limpet_bench_relay: the floor of every comparison. Accepts, connects to one backend and forwards bytes: one
// recv into a shared 64 KiB scratch buffer, one send, no parsing. What a proxy costs above this is what its
// work costs.
#include <CLI/CLI.hpp>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bench/poller.h"
#include "bench/sockets.h"

namespace limpet::bench {
namespace {

constexpr std::size_t kScratchBytes = 64U << 10U;

struct Pair;

// One socket of a pair, and what its peer sent that it would not take yet.
struct End {
  Fd socket;
  Pair* pair = nullptr;
  End* other = nullptr;
  std::string pending;     // empty unless the other end is paused
  bool has_ended = false;  // its end of stream was read
  bool is_shut = false;    // the end of the other's stream was passed on
  std::uint32_t watched = EPOLLIN;
};

struct Pair {
  std::array<End, 2> ends;
  bool is_over = false;
};

class BareRelay {
 public:
  BareRelay(Fd listener, SocketAddress backend)
      : listener_(std::move(listener)), backend_(std::move(backend)) {}
  [[noreturn]] void serve();

 private:
  void accept_all();
  void add_pair(Fd client);
  void handle(End& end, std::uint32_t events);
  bool forward(End& from);
  static bool flush(End& to);
  void watch(End& end);

  Fd listener_;
  SocketAddress backend_;
  Poller poller_;
  std::vector<char> scratch_ = std::vector<char>(kScratchBytes);
  std::unordered_map<Pair*, std::unique_ptr<Pair>> pairs_;
  std::vector<Pair*> over_;  // freed at the end of the turn: the other end may have an event in it
};

void BareRelay::serve() {
  poller_.add(listener_, EPOLLIN, nullptr);
  while (true) {
    for (const epoll_event& event : poller_.wait()) {
      if (event.data.ptr == nullptr) {
        accept_all();
      } else {
        handle(*static_cast<End*>(event.data.ptr), event.events);
      }
    }
    for (Pair* pair : std::exchange(over_, {})) {
      pairs_.erase(pair);
    }
  }
}

void BareRelay::accept_all() {
  for (Fd client = accept_from(listener_); client.valid(); client = accept_from(listener_)) {
    add_pair(std::move(client));
  }
}

void BareRelay::add_pair(Fd client) {
  auto backend = start_connect(backend_);
  if (!backend) {
    return;
  }
  auto pair = std::make_unique<Pair>();
  auto& [client_end, backend_end] = pair->ends;
  client_end.socket = std::move(client);
  backend_end.socket = std::move(*backend);
  client_end.other = &backend_end;
  backend_end.other = &client_end;
  for (End& end : pair->ends) {
    end.pair = pair.get();
    poller_.add(end.socket, end.watched, &end);
  }
  pairs_.emplace(pair.get(), std::move(pair));
}

void BareRelay::handle(End& end, std::uint32_t events) {
  Pair& pair = *end.pair;
  if (pair.is_over) {
    return;
  }
  const bool is_whole = (events & EPOLLERR) == 0 && ((events & EPOLLOUT) == 0 || flush(end)) &&
                        ((events & (EPOLLIN | EPOLLHUP)) == 0 || end.has_ended || forward(end));
  if (is_whole && !(pair.ends[0].is_shut && pair.ends[1].is_shut)) {
    watch(end);
    watch(*end.other);
    return;
  }
  pair.is_over = true;
  over_.push_back(&pair);
}

bool BareRelay::forward(End& from) {
  End& to = *from.other;
  if (!to.pending.empty()) {
    return true;
  }
  const ssize_t got = ::recv(from.socket.get(), scratch_.data(), scratch_.size(), 0);
  if (got < 0) {
    return errno == EAGAIN || errno == EINTR;
  }
  if (got == 0) {
    from.has_ended = true;
    return flush(to);
  }
  const auto size = static_cast<std::size_t>(got);
  const ssize_t put = ::send(to.socket.get(), scratch_.data(), size, MSG_NOSIGNAL);
  if (put < 0 && errno != EAGAIN && errno != EINTR) {
    return false;
  }
  const std::size_t taken = put < 0 ? 0 : static_cast<std::size_t>(put);
  to.pending.assign(scratch_.data() + taken, size - taken);
  return true;
}

// Writes what is pending, then passes on the end of the stream if it came. The second end needs no shutdown:
// both sockets are closed at once.
bool BareRelay::flush(End& to) {
  if (!to.pending.empty()) {
    const ssize_t put = ::send(to.socket.get(), to.pending.data(), to.pending.size(), MSG_NOSIGNAL);
    if (put < 0) {
      return errno == EAGAIN || errno == EINTR;
    }
    to.pending.erase(0, static_cast<std::size_t>(put));
  }
  if (to.pending.empty() && to.other->has_ended && !to.is_shut) {
    to.is_shut = true;
    if (!to.other->is_shut) {
      ::shutdown(to.socket.get(), SHUT_WR);
    }
  }
  return true;
}

void BareRelay::watch(End& end) {
  const bool may_read = !end.has_ended && end.other->pending.empty();
  const std::uint32_t wanted =
      (may_read ? unsigned{EPOLLIN} : 0U) | (end.pending.empty() ? 0U : unsigned{EPOLLOUT});
  if (std::exchange(end.watched, wanted) != wanted) {
    poller_.modify(end.socket, wanted, &end);
  }
}

}  // namespace
}  // namespace limpet::bench

int main(int argc, char** argv) {
  namespace bench = limpet::bench;
  CLI::App options("bare epoll relay: prints \"port N\" and forwards bytes until it is ended");
  std::string backend_text;
  std::uint16_t port = 0;
  options.add_option("--backend", backend_text, "127.0.0.1:PORT")->required();
  options.add_option("--port", port, "port to listen on; 0 takes a free one");
  CLI11_PARSE(options, argc, argv);

  bench::raise_descriptor_limit();
  const auto backend = bench::parse_loopback(backend_text);
  auto listener = bench::listen_on_loopback(port);
  if (!backend || !listener) {
    bench::fatal(!backend ? backend.error().detail : listener.error().detail);
  }
  const auto bound = bench::local_port(*listener);
  std::printf("port %u\n", bound ? unsigned{*bound} : 0U);
  std::fflush(stdout);
  bench::BareRelay relay(std::move(*listener), *backend);
  relay.serve();
}
