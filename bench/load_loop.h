// The closed loop: every client has one exchange under way and starts the next when its answer is complete.
// Used by one thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load.h"
#include "bench/poller.h"

namespace limpet::bench {

enum class Step : std::uint8_t { Waiting, Completed, Failed };

// Bytes on their way out, and the interest in the poller that goes with them.
class Outgoing {
 public:
  void assign(std::string_view bytes) noexcept;
  // Sends what the socket takes. False when the connection failed.
  [[nodiscard]] bool flush(const Fd& socket);
  // Watches for room while bytes are left, for input otherwise. `owner` as in Poller.
  void watch(Poller& poller, const Fd& socket, void* owner);

 private:
  std::string_view left_;  // borrowed from the client until all is sent
  bool waits_for_room_ = false;
};

class LoopClient {
 public:
  virtual ~LoopClient() = default;
  // Begins an exchange; requires that the last one completed. The client has registered itself (as
  // LoopClient*).
  [[nodiscard]] virtual Step start(Poller& poller) = 0;
  [[nodiscard]] virtual Step on_event(Poller& poller, std::uint32_t events, std::span<char> scratch) = 0;

 protected:
  // Remembers why, for the report.
  [[nodiscard]] Step fail(std::string_view why) {
    failure_ = why;
    return Step::Failed;
  }

 private:
  friend class ClosedLoop;
  std::string_view failure_;  // a literal; empty unless the client failed
  std::chrono::steady_clock::time_point started_;
  bool is_retired_ = false;
};

// Drives clients until the time is over or none is left. A client that fails is counted and retired: a run
// with failures is not a measurement, and retrying would hide them.
class ClosedLoop {
 public:
  ClosedLoop(const LoadOptions& options, std::string_view mode) : options_(options) { report_.mode = mode; }

  [[nodiscard]] Poller& poller() noexcept { return poller_; }
  void add(std::unique_ptr<LoopClient> client) { clients_.push_back(std::move(client)); }
  // Passes the gate, then loads.
  [[nodiscard]] Report run();

 private:
  using Clock = std::chrono::steady_clock;

  void start(LoopClient& client, Clock::time_point now);
  void settle(LoopClient& client, Step step);
  void retire(LoopClient& client);

  const LoadOptions& options_;
  Poller poller_;
  std::vector<std::unique_ptr<LoopClient>> clients_;
  std::size_t live_ = 0;
  Report report_;
};

}  // namespace limpet::bench
