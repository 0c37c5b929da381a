// Mode "echo": sessions that send a message, wait for its echo and compare it byte by byte.
#include <array>
#include <cerrno>
#include <cstring>

#include "bench/load_client.h"
#include "bench/load_loop.h"
#include "bench/wire.h"

namespace limpet::bench {

namespace {

// The first bytes of a payload number it, so that neither a stale echo nor another session's can pass for the
// right one.
constexpr std::size_t kTagBytes = sizeof(std::uint64_t);
constexpr unsigned kSessionShift = 40;  // session number above, message number below

class EchoClient final : public LoopClient {
 public:
  EchoClient(Fd socket, std::size_t number, std::size_t payload_bytes);

  [[nodiscard]] const Fd& socket() const noexcept { return socket_; }
  Step start(Poller& poller) override;
  Step on_event(Poller& poller, std::uint32_t events, std::span<char> scratch) override;

 private:
  void write_tag();
  Step receive(std::span<char> scratch);

  Fd socket_;
  std::uint64_t next_tag_;
  std::size_t payload_bytes_;
  std::string frame_;     // as sent: masked
  std::string expected_;  // as it comes back: unmasked, and with a shorter header
  std::size_t seen_ = 0;  // bytes of expected_ that have come
  Outgoing outgoing_;
};

EchoClient::EchoClient(Fd socket, std::size_t number, std::size_t payload_bytes)
    : socket_(std::move(socket)),
      next_tag_(static_cast<std::uint64_t>(number) << kSessionShift),
      payload_bytes_(payload_bytes) {
  std::string payload(payload_bytes, '\0');
  for (std::size_t i = 0; i < payload.size(); ++i) {
    payload[i] = static_cast<char>('a' + (i + number) % ('z' - 'a' + 1));
  }
  frame_ = make_frame(Opcode::Binary, payload, kClientMask);
  expected_ = make_frame(Opcode::Binary, payload);
}

void EchoClient::write_tag() {
  std::array<char, kTagBytes> tag{};
  std::memcpy(tag.data(), &next_tag_, tag.size());
  ++next_tag_;
  const std::size_t size = std::min(payload_bytes_, tag.size());
  std::memcpy(expected_.data() + (expected_.size() - payload_bytes_), tag.data(), size);
  apply_mask(tag, kClientMask, 0);
  std::memcpy(frame_.data() + (frame_.size() - payload_bytes_), tag.data(), size);
}

Step EchoClient::start(Poller& poller) {
  write_tag();
  seen_ = 0;
  outgoing_.assign(frame_);
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
  const auto size = static_cast<std::size_t>(got);
  if (size > expected_.size() - seen_ || std::memcmp(expected_.data() + seen_, scratch.data(), size) != 0) {
    return fail("the echo differs from the message");
  }
  seen_ += size;
  return seen_ == expected_.size() ? Step::Completed : Step::Waiting;
}

}  // namespace

Result<Report> run_echo(const LoadOptions& options) {
  ClosedLoop loop(options, "echo");
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
