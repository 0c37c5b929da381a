// SimulatedProxy: the client connections, exchanges and tunnels of one worker over memory: no sockets, no
// threads, time by hand. A script plays the clients and the backends. `fault()` names the first broken
// invariant. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/slot_list.h"
#include "proxy/client_connection.h"
#include "proxy/context.h"
#include "tests/simulation/memory_pipe.h"

namespace limpet::test {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(const ManualLoop& loop) noexcept : loop_(loop) {}
  [[nodiscard]] Instant now() const noexcept override { return loop_.now(); }
  [[nodiscard]] WallTime wall_now() const noexcept override {
    return WallTime(std::chrono::hours(500'000) + loop_.now().time_since_epoch());
  }

 private:
  const ManualLoop& loop_;
};

// Answers with pipes whose connect the script decides.
class MemoryConnector final : public net::Connector {
 public:
  explicit MemoryConnector(ManualLoop& loop) noexcept : loop_(loop) {}
  [[nodiscard]] Result<net::Connecting> connect(const SocketAddress& address) override;

  // What the next connects do: wait for the script, or fail at once.
  enum class Next : std::uint8_t { Waits, Connects, IsConnected, Refused, OutOfDescriptors, OutOfPorts };
  Next next = Next::Connects;
  std::vector<PipePtr> opened;  // all so far, oldest first

 private:
  ManualLoop& loop_;
};

class SimulatedProxy final : private proxy::ConnectionOwner {
 public:
  explicit SimulatedProxy(std::size_t backends, const std::function<void(proxy::Snapshot&)>& adjust = {});
  ~SimulatedProxy();

  // A client that has just connected.
  [[nodiscard]] PipePtr connect_client();
  static constexpr std::size_t kEverybody = std::numeric_limits<std::size_t>::max();
  // What control orders.
  proxy::SentAway send_away(const proxy::SendAway& order) { return context_.departures.send_away(order); }
  // One order for each backend.
  void send_everybody_away(CloseReason cause, Duration grace);
  // limpet stops: running requests finish, sessions are sent away.
  void stop();

  [[nodiscard]] ManualLoop& loop() noexcept { return loop_; }
  [[nodiscard]] MemoryConnector& backends() noexcept { return connector_; }
  [[nodiscard]] const Counters& counters() const noexcept { return context_.counters; }
  [[nodiscard]] proxy::Context& context() noexcept { return context_; }
  // Of the connection that is `index`th in its list; Closing when it is gone.
  [[nodiscard]] proxy::SessionState state(std::size_t index = 0) const noexcept;
  [[nodiscard]] std::size_t open_connections() const noexcept { return connections_.size(); }
  [[nodiscard]] std::size_t open_tunnels() const noexcept { return context_.sessions.size(); }

  // Looks at everything that must hold between two events; empty = it does.
  [[nodiscard]] std::string fault();
  // The same when everybody has gone and all bounds have passed: nothing may be left.
  [[nodiscard]] std::string fault_at_the_end();

 private:
  void retire(proxy::ClientConnection& connection) override;
  void on_session_gone() override {}

  ManualLoop loop_;
  ManualClock clock_{loop_};
  std::unique_ptr<Log> log_ = Log::discard();
  affinity::AffinityTable pins_{1000};
  proxy::Shared shared_{pins_, clock_, *log_};
  MemoryConnector connector_{loop_};
  proxy::Context context_;
  SlotList<proxy::ClientConnection> connections_;
};

}  // namespace limpet::test
