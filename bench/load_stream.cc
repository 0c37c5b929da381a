// Mode "stream": sessions whose backend sends message upon message as fast as they are taken. Each client
// hands over one message and compares every copy of it.
#include <cerrno>

#include "bench/load_client.h"
#include "bench/load_loop.h"
#include "bench/load_message.h"

namespace limpet::bench {

namespace {

class StreamClient final : public LoopClient {
 public:
  StreamClient(Fd socket, std::size_t number, std::size_t payload_bytes)
      : socket_(std::move(socket)), message_(number, payload_bytes) {}

  [[nodiscard]] const Fd& socket() const noexcept { return socket_; }
  Step start(Poller& poller) override;
  Step on_event(Poller& poller, std::uint32_t events, std::span<char> scratch) override;

 private:
  Fd socket_;
  NumberedMessage message_;
  bool is_handed_over_ = false;
};

// Waiting for room is harmless once: nothing comes before the backend has the whole message.
Step StreamClient::start(Poller& /*poller*/) {
  message_.advance();
  return std::exchange(is_handed_over_, true) || send_all(socket_, message_.frame()) ? Step::Waiting
                                                                                     : fail("send failed");
}

// Reads up to the end of one message at most: the next one is compared with another number.
Step StreamClient::on_event(Poller& /*poller*/, std::uint32_t /*events*/, std::span<char> scratch) {
  const std::size_t wanted = std::min(scratch.size(), message_.missing_bytes());
  const ssize_t got = ::recv(socket_.get(), scratch.data(), wanted, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    return Step::Waiting;
  }
  if (got <= 0) {
    return fail("the session was closed");
  }
  if (!message_.take(scratch.first(static_cast<std::size_t>(got)))) {
    return fail("the message differs from what was to come");
  }
  return message_.missing_bytes() == 0 ? Step::Completed : Step::Waiting;
}

}  // namespace

Result<Report> run_stream(const LoadOptions& options) {
  LoadLoop loop(options, "stream");
  for (std::size_t i = 0; i < options.connections; ++i) {
    auto socket = open_websocket(options, i, kStreamPath);
    if (!socket) {
      return socket.error();
    }
    auto client = std::make_unique<StreamClient>(std::move(*socket), i, options.payload_bytes);
    loop.poller().add(client->socket(), EPOLLIN, client.get());
    loop.add(std::move(client));
  }
  return loop.run();
}

}  // namespace limpet::bench
