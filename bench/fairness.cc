// limpet_bench_fairness: what the echoes of one session take alone, and beside another session of the same
// proxy that relays large messages at full speed. It is both ends of both sessions. Prints "port N" where the
// proxy shall find its backend, reads the port of the proxy, measures in turns and prints one line of JSON a
// turn.
#include <CLI/CLI.hpp>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <thread>

#include "bench/histogram.h"
#include "bench/sockets.h"
#include "bench/wire.h"

namespace limpet::bench {
namespace {

constexpr MaskKey kNoMask = {};  // frames of a client need one; this one leaves the payload as it is
constexpr std::size_t kEchoBytes = 125;
// What an end of the flood moves with one call: a longer one would keep the echoes from their core.
constexpr std::size_t kPieceBytes = 16U << 10U;
constexpr int kAcceptPatienceMs = 10'000;

const std::string kUpgrade =
    "GET /fairness HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const std::string kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

void send_whole(const Fd& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent =
        ::send(socket.get(), bytes.data(), std::min(bytes.size(), kPieceBytes), MSG_NOSIGNAL);
    if (sent <= 0) {
      fatal("a session was cut while it was written to");
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// Zero when the session has ended.
std::size_t receive_some(const Fd& socket, std::span<char> into) {
  const ssize_t got = ::recv(socket.get(), into.data(), into.size(), 0);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

void receive_exactly(const Fd& socket, std::span<char> into) {
  while (!into.empty()) {
    const std::size_t got = receive_some(socket, into);
    if (got == 0) {
      fatal("a session has ended while it was read from");
    }
    into = into.subspan(got);
  }
}

void receive_head(const Fd& socket) {
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    char byte = 0;
    receive_exactly(socket, {&byte, 1});
    head += byte;
  }
}

// One at a time, so the connection that arrives at the listener is the other end of it.
struct Session {
  Session(const Fd& listener, const SocketAddress& proxy) {
    auto connected = connect_from(0, proxy);
    if (!connected) {
      fatal(connected.error().detail);
    }
    client = std::move(*connected);
    const timeval forever{};
    ::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &forever, sizeof(forever));
    ::setsockopt(client.get(), SOL_SOCKET, SO_SNDTIMEO, &forever, sizeof(forever));
    send_whole(client, kUpgrade);
    pollfd entry{listener.get(), POLLIN, 0};
    ::poll(&entry, 1, kAcceptPatienceMs);
    backend = accept_from(listener);
    if (!backend.valid()) {
      fatal("the proxy did not connect to its backend");
    }
    ::fcntl(backend.get(), F_SETFL, 0);  // blocking
    receive_head(backend);
    send_whole(backend, kSwitch);
    receive_head(client);
  }

  Fd client;
  Fd backend;
};

// Before everything else on this core: what is measured is the wait in the proxy, not that for the core.
bool run_first(pthread_t thread) {
  const sched_param parameters{.sched_priority = 1};
  return ::pthread_setschedparam(thread, SCHED_FIFO, &parameters) == 0;
}

void run_on(unsigned core, pthread_t thread) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  if (::pthread_setaffinity_np(thread, sizeof(cores), &cores) != 0) {
    fatal("the flood cannot have that core");
  }
}

// Large messages in one direction while it is on.
class Flood {
 public:
  // `pause` from the begin of one message to that of the next; zero = none.
  Flood(Session& session, bool downwards, std::size_t bytes, std::chrono::nanoseconds pause, unsigned core)
      : from_(downwards ? session.backend : session.client),
        to_(downwards ? session.client : session.backend),
        frame_(make_frame(Opcode::Binary, std::string(bytes, 'x'),
                          downwards ? std::nullopt : std::optional<MaskKey>(kNoMask))),
        pause_(pause) {
    std::thread sender([this] { send(); });
    std::thread receiver([this] { receive(); });
    run_on(core, sender.native_handle());
    run_on(core, receiver.native_handle());
    sender.detach();
    receiver.detach();
  }

  void begin() {
    is_on_ = true;
    is_on_.notify_all();
  }
  // Returns when everything that was sent has arrived.
  void end() {
    is_on_ = false;
    while (is_sending_ || received_ != sent_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  [[nodiscard]] std::uint64_t received_bytes() const noexcept { return received_; }

 private:
  [[noreturn]] void send() {
    while (true) {
      is_on_.wait(false);
      is_sending_ = true;
      auto next = std::chrono::steady_clock::now();
      while (is_on_) {
        std::this_thread::sleep_until(next);
        next += pause_;
        send_whole(from_, frame_);
        sent_ += frame_.size();
      }
      is_sending_ = false;
    }
  }
  void receive() {
    std::vector<char> buffer(kPieceBytes);
    while (const std::size_t got = receive_some(to_, buffer)) {
      received_ += got;
    }
  }

  const Fd& from_;
  const Fd& to_;
  std::string frame_;
  std::chrono::nanoseconds pause_;
  std::atomic<bool> is_on_{false};
  std::atomic<bool> is_sending_{false};
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<std::uint64_t> received_{0};
};

[[noreturn]] void echo_for_ever(const Fd& socket) {
  const std::string question = make_frame(Opcode::Binary, std::string(kEchoBytes, 'e'), kNoMask);
  const std::string answer = make_frame(Opcode::Binary, std::string(kEchoBytes, 'e'));
  std::string buffer(question.size(), '\0');
  while (true) {
    receive_exactly(socket, buffer);
    send_whole(socket, answer);
  }
}

Histogram time_echoes(const Fd& client, unsigned count) {
  const std::string question = make_frame(Opcode::Binary, std::string(kEchoBytes, 'e'), kNoMask);
  const std::string expected = make_frame(Opcode::Binary, std::string(kEchoBytes, 'e'));
  std::string answer(expected.size(), '\0');
  Histogram times;
  for (unsigned i = 0; i < count; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    send_whole(client, question);
    receive_exactly(client, answer);
    times.add(std::chrono::steady_clock::now() - begin);
    if (answer != expected) {
      fatal("an echo differs from its message");
    }
  }
  return times;
}

void tell(const char* name, const Histogram& times) {
  const auto microseconds = [&times](double fraction) {
    return static_cast<double>(times.quantile(fraction).count()) / 1000;
  };
  std::printf("\"%s_p50_us\": %.1f, \"%s_p99_us\": %.1f, \"%s_max_us\": %.1f, ", name, microseconds(0.5),
              name, microseconds(0.99), name, static_cast<double>(times.max().count()) / 1000);
}

struct Options {
  bool upwards = false;
  std::size_t flood_bytes = 1U << 20U;
  unsigned megabytes_per_second = 0;  // of the flood; 0 = as fast as it gets
  unsigned echoes = 2000;
  unsigned turns = 5;
  unsigned flood_core = 0;
};

void measure(const Options& options, const Fd& listener, const SocketAddress& proxy,
             const SocketAddress& own) {
  Session echo(listener, proxy);
  Session flooded(listener, proxy);
  Session direct(listener, own);  // no proxy: what the machine itself takes
  std::thread backend([&echo] { echo_for_ever(echo.backend); });
  std::thread direct_backend([&direct] { echo_for_ever(direct.backend); });
  const bool first = run_first(backend.native_handle()) && run_first(direct_backend.native_handle()) &&
                     run_first(::pthread_self());
  const std::chrono::duration<double, std::micro> pause(options.megabytes_per_second == 0
                                                            ? 0
                                                            : static_cast<double>(options.flood_bytes) /
                                                                  options.megabytes_per_second);
  Flood flood(flooded, !options.upwards, options.flood_bytes,
              std::chrono::duration_cast<std::chrono::nanoseconds>(pause), options.flood_core);
  static_cast<void>(time_echoes(echo.client, options.echoes));  // warms up
  for (unsigned turn = 0; turn < options.turns; ++turn) {
    const Histogram direct_alone = time_echoes(direct.client, options.echoes);
    const Histogram alone = time_echoes(echo.client, options.echoes);
    flood.begin();
    const std::uint64_t before = flood.received_bytes();
    const auto begin = std::chrono::steady_clock::now();
    const Histogram beside = time_echoes(echo.client, options.echoes);
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
    const auto moved = static_cast<double>(flood.received_bytes() - before);
    const Histogram direct_beside = time_echoes(direct.client, options.echoes);
    flood.end();
    std::printf("{");
    tell("direct_alone", direct_alone);
    tell("direct_beside", direct_beside);
    tell("alone", alone);
    tell("beside", beside);
    std::printf("\"flood_mb_per_second\": %.0f, \"real_time\": %s}\n", moved / took.count(),
                first ? "true" : "false");
    std::fflush(stdout);
  }
  std::_Exit(0);  // the threads wait for bytes that nobody will send
}

}  // namespace
}  // namespace limpet::bench

int main(int argc, char** argv) {
  namespace bench = limpet::bench;
  CLI::App app("Echoes alone and beside a flood, for bench/fairness");
  bench::Options options;
  app.add_flag("--upwards", options.upwards, "the flood goes from client to backend");
  app.add_option("--flood-bytes", options.flood_bytes, "payload of one of its messages");
  app.add_option("--flood-core", options.flood_core, "where its two ends run")->required();
  app.add_option("--rate", options.megabytes_per_second, "MB/s of the flood; 0 = as fast as it gets");
  app.add_option("--echoes", options.echoes, "of each half of a turn");
  app.add_option("--turns", options.turns, "each first alone, then beside the flood");
  CLI11_PARSE(app, argc, argv);

  const auto listener = bench::listen_on_loopback(0);
  if (!listener) {
    bench::fatal(listener.error().detail);
  }
  const std::string port = std::to_string(*bench::local_port(*listener));
  std::printf("port %s\n", port.c_str());
  std::fflush(stdout);
  std::string target;
  std::getline(std::cin, target);
  const auto proxy = bench::parse_loopback(target);
  if (!proxy) {
    bench::fatal(proxy.error().detail);
  }
  bench::measure(options, *listener, *proxy, *bench::parse_loopback("127.0.0.1:" + port));
}
