// ProxyRig: one worker on a thread of its own before scripted backends. The test holds both ends of every
// connection.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "affinity/cookie_codec.h"
#include "affinity/walk.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/mailbox.h"
#include "proxy/worker.h"
#include "tests/support/wire.h"

namespace limpet::test {

class ProxyRig {
 public:
  static constexpr int kSlowBuffer = 32 * 1024;

  // `adjust` may change the snapshot before it is used, `listen` what is known of the listener: nothing,
  // unless it says something.
  explicit ProxyRig(std::size_t backend_count, const std::function<void(proxy::Snapshot&)>& adjust = {},
                    const std::function<void(proxy::ListeningSocket&)>& listen = {});
  ~ProxyRig();

  [[nodiscard]] Wire connect_client() const { return Wire::connect(address_); }
  // Its window stays at some 64 KiB, so that the proxy soon has to keep what it does not read.
  [[nodiscard]] Wire connect_slow_client() const { return Wire::connect(address_, kSlowBuffer); }
  [[nodiscard]] const SocketAddress& address() const noexcept { return address_; }
  [[nodiscard]] WireServer& backend(std::size_t index = 0) { return *servers_[index]; }
  [[nodiscard]] backends::BackendState& state(std::size_t index = 0) { return *states_[index]; }
  [[nodiscard]] affinity::AffinityTable& pins() noexcept { return pins_; }
  [[nodiscard]] const Counters& counters() const { return worker_->counters(); }
  [[nodiscard]] std::uint64_t open_connections() const { return shared_.connections.load(); }
  [[nodiscard]] proxy::Worker& worker() noexcept { return *worker_; }
  void stop() { worker_->stop(); }
  // Nobody is accepted any more, and every session is told to go.
  void leave(Duration grace);
  // Waits until the worker has nothing left.
  void join();

  struct Session {
    Wire client;
    Wire backend;
  };
  // An upgraded session through backend 0.
  [[nodiscard]] Session open_session();

 private:
  SystemClock clock_;
  std::unique_ptr<Log> log_ = Log::discard();
  affinity::AffinityTable pins_{1000};
  proxy::Shared shared_{pins_, clock_, *log_};
  net::UvLoop control_;
  net::Mailbox<proxy::WorkerLeft> left_{control_, [this](proxy::WorkerLeft) { control_.stop(); }};
  std::vector<std::unique_ptr<WireServer>> servers_;
  std::vector<std::shared_ptr<backends::BackendState>> states_;
  SocketAddress address_;
  std::unique_ptr<proxy::Worker> worker_;
};

// Waits until it is so; false when the patience runs out.
template <typename Condition>
bool happens(Condition condition, std::chrono::milliseconds patience = kPatience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

inline constexpr std::string_view kUpgrade =
    "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
inline constexpr std::string_view kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

}  // namespace limpet::test
