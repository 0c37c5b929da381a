// limpet_bench_echo: the backend of every measurement. One thread, one epoll; prints "port N" for each
// listener, then serves until it is ended.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "bench/echo_connection.h"
#include "bench/poller.h"
#include "bench/sockets.h"

namespace limpet::bench {
namespace {

constexpr std::size_t kScratchBytes = 256U << 10U;

class EchoServer {
 public:
  void listen(unsigned listeners);
  [[noreturn]] void serve();

 private:
  // What an event belongs to: a listener, or a connection when `connection` is set.
  struct Entry {
    Fd listener;
    std::unique_ptr<EchoConnection> connection;
    std::uint32_t watched = EPOLLIN;
  };

  void accept_all(const Fd& listener);
  void handle(Entry& entry, std::uint32_t events);
  void fan_out(Entry& sender);
  void watch(Entry& entry);

  Poller poller_;
  std::vector<char> scratch_ = std::vector<char>(kScratchBytes);
  std::unordered_map<Entry*, std::unique_ptr<Entry>> entries_;
  std::unordered_set<Entry*> members_;  // of the fan-out
};

void EchoServer::listen(unsigned listeners) {
  for (unsigned i = 0; i < listeners; ++i) {
    auto listener = listen_on_loopback(0);
    if (!listener) {
      fatal(listener.error().detail);
    }
    const auto port = local_port(*listener);
    std::printf("port %u\n", port ? unsigned{*port} : 0U);
    auto entry = std::make_unique<Entry>();
    entry->listener = std::move(*listener);
    poller_.add(entry->listener, EPOLLIN, entry.get());
    entries_.emplace(entry.get(), std::move(entry));
  }
  std::fflush(stdout);
}

void EchoServer::serve() {
  while (true) {
    for (const epoll_event& event : poller_.wait()) {
      auto& entry = *static_cast<Entry*>(event.data.ptr);
      if (entry.connection) {
        handle(entry, event.events);
      } else {
        accept_all(entry.listener);
      }
    }
  }
}

void EchoServer::accept_all(const Fd& listener) {
  for (Fd socket = accept_from(listener); socket.valid(); socket = accept_from(listener)) {
    auto entry = std::make_unique<Entry>();
    entry->connection = std::make_unique<EchoConnection>(std::move(socket));
    poller_.add(entry->connection->socket(), EPOLLIN, entry.get());
    entries_.emplace(entry.get(), std::move(entry));
  }
}

void EchoServer::handle(Entry& entry, std::uint32_t events) {
  EchoConnection& connection = *entry.connection;
  const bool goes_on = (events & EPOLLOUT) != 0 ? connection.flush() : connection.on_readable(scratch_);
  if (!goes_on) {
    members_.erase(&entry);
    entries_.erase(&entry);  // one descriptor has one event a turn, so nothing in this turn still points here
    return;
  }
  watch(entry);
  if (connection.is_in_fan_out()) {
    members_.insert(&entry);
    fan_out(entry);
  }
}

// A member that fails here is not forgotten yet: its own event tells.
void EchoServer::fan_out(Entry& sender) {
  const std::string message = sender.connection->take_message();
  if (message.empty()) {
    return;
  }
  for (Entry* member : members_) {
    if (member->connection->send(message)) {
      watch(*member);
    }
  }
}

void EchoServer::watch(Entry& entry) {
  const std::uint32_t wanted = entry.connection->is_blocked() ? EPOLLOUT : EPOLLIN;
  if (std::exchange(entry.watched, wanted) != wanted) {
    poller_.modify(entry.connection->socket(), wanted, &entry);
  }
}

}  // namespace
}  // namespace limpet::bench

int main(int argc, char** argv) {
  CLI::App options("WebSocket echo backend for bench/run");
  unsigned listeners = 1;
  options.add_option("--listeners", listeners, "ports to listen on, each a backend of its own to a proxy");
  CLI11_PARSE(options, argc, argv);

  limpet::bench::raise_descriptor_limit();
  limpet::bench::EchoServer server;
  server.listen(listeners);
  server.serve();
}
