// Mode "handshake": connect, upgrade, close frames both ways, end of stream, and again.
#include <cerrno>

#include "bench/load_client.h"
#include "bench/load_loop.h"
#include "bench/wire.h"

namespace limpet::bench {

namespace {

class HandshakeClient final : public LoopClient {
 public:
  HandshakeClient(const LoadOptions& options, std::size_t number) : options_(options), number_(number) {}

  Step start(Poller& poller) override;
  Step on_event(Poller& poller, std::uint32_t events, std::span<char> scratch) override;

 private:
  enum class Phase : std::uint8_t { AwaitingSwitch, AwaitingEnd };

  Step on_answer();

  const LoadOptions& options_;
  std::size_t number_;
  Fd socket_;
  Handshake handshake_{options_.target};
  Phase phase_ = Phase::AwaitingSwitch;
  std::string head_;
};

Step HandshakeClient::start(Poller& poller) {
  auto socket = connect_from(source_of(options_, number_), options_.target);
  if (!socket) {
    return fail("connect failed");
  }
  socket_ = std::move(*socket);
  handshake_ = Handshake(options_.target);
  phase_ = Phase::AwaitingSwitch;
  head_.clear();
  poller.add(socket_, EPOLLIN, this);
  return send_all(socket_, handshake_.request()) ? Step::Waiting : fail("send failed");
}

Step HandshakeClient::on_event(Poller& /*poller*/, std::uint32_t /*events*/, std::span<char> scratch) {
  const ssize_t got = ::recv(socket_.get(), scratch.data(), scratch.size(), MSG_DONTWAIT);
  if (got < 0) {
    return errno == EAGAIN || errno == EINTR ? Step::Waiting : fail("the session was reset");
  }
  if (phase_ == Phase::AwaitingEnd) {
    if (got == 0) {
      socket_.reset();  // the server side closed first, as RFC 6455 7.1.1 wants, and keeps the TIME_WAIT
    }
    return got == 0 ? Step::Completed : Step::Waiting;
  }
  if (got == 0) {
    return fail("closed before the 101");
  }
  head_.append(scratch.data(), static_cast<std::size_t>(got));
  return head_length(head_) == 0 ? Step::Waiting : on_answer();
}

Step HandshakeClient::on_answer() {
  if (!handshake_.accepts(head_)) {
    return fail("no valid 101");
  }
  constexpr std::string_view kNormalClosure("\x03\xe8", 2);  // 1000, RFC 6455 7.4.1
  phase_ = Phase::AwaitingEnd;
  return send_all(socket_, make_frame(Opcode::Close, kNormalClosure, kClientMask)) ? Step::Waiting
                                                                                   : fail("send failed");
}

}  // namespace

Result<Report> run_handshake(const LoadOptions& options) {
  LoadLoop loop(options, "handshake");
  for (std::size_t i = 0; i < options.connections; ++i) {
    loop.add(std::make_unique<HandshakeClient>(options, i));
  }
  return loop.run();
}

}  // namespace limpet::bench
