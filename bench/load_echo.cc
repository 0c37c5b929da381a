// Mode "echo": sessions that send a message, wait for its echo and compare it byte by byte.
#include <cerrno>

#include "bench/load_client.h"
#include "bench/load_loop.h"
#include "bench/load_message.h"

namespace limpet::bench {

namespace {

class EchoClient final : public LoopClient {
 public:
  EchoClient(Fd socket, std::size_t number, std::size_t payload_bytes)
      : socket_(std::move(socket)), message_(number, payload_bytes) {}

  [[nodiscard]] const Fd& socket() const noexcept { return socket_; }
  Step start(Poller& poller) override;
  Step on_event(Poller& poller, std::uint32_t events, std::span<char> scratch) override;

 private:
  Step receive(std::span<char> scratch);

  Fd socket_;
  NumberedMessage message_;
  Outgoing outgoing_;
};

Step EchoClient::start(Poller& poller) {
  message_.advance();
  outgoing_.assign(message_.frame());
  if (!outgoing_.flush(socket_)) {
    return fail("send failed");
  }
  outgoing_.watch(poller, socket_, this);
  return Step::Waiting;
}

Step EchoClient::on_event(Poller& poller, std::uint32_t events, std::span<char> scratch) {
  if ((events & EPOLLOUT) != 0) {
    if (!outgoing_.flush(socket_)) {
      return fail("send failed");
    }
    outgoing_.watch(poller, socket_, this);
  }
  return (events & ~unsigned{EPOLLOUT}) == 0 ? Step::Waiting : receive(scratch);
}

Step EchoClient::receive(std::span<char> scratch) {
  const ssize_t got = ::recv(socket_.get(), scratch.data(), scratch.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    return Step::Waiting;
  }
  if (got <= 0) {
    return fail("the session was closed");
  }
  if (!message_.take(scratch.first(static_cast<std::size_t>(got)))) {
    return fail("the echo differs from the message");
  }
  return message_.missing_bytes() == 0 ? Step::Completed : Step::Waiting;
}

}  // namespace

Result<Report> run_echo(const LoadOptions& options) {
  LoadLoop loop(options, "echo");
  for (std::size_t i = 0; i < options.connections; ++i) {
    auto socket = open_websocket(options, i);
    if (!socket) {
      return socket.error();
    }
    auto client = std::make_unique<EchoClient>(std::move(*socket), i, options.payload_bytes);
    loop.poller().add(client->socket(), EPOLLIN, client.get());
    loop.add(std::move(client));
  }
  return loop.run();
}

}  // namespace limpet::bench
