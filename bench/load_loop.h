// LoadLoop: drives clients that have one exchange under way each. Closed: the next one starts when the answer
// is complete. Open, with a rate: it starts when it is due. Used by one thread.
#pragma once

#include <memory>
#include <queue>
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
  friend class LoadLoop;
  std::string_view failure_;  // a literal; empty unless the client failed
  // When the exchange under way, or else the next one, was or is due: what its latency counts from.
  std::chrono::steady_clock::time_point due_;
  bool is_under_way_ = false;
};

// A client that fails is counted and retired: a run with failures is not a measurement, and retrying would
// hide them.
class LoadLoop {
 public:
  // Open when options.rate is set: clients take turns, and each keeps its own even distance. One whose answer
  // is late starts as soon as it has come, and its latency counts from when it was due all the same.
  LoadLoop(const LoadOptions& options, std::string_view mode) : options_(options) { report_.mode = mode; }

  [[nodiscard]] Poller& poller() noexcept { return poller_; }
  void add(std::unique_ptr<LoopClient> client) { clients_.push_back(std::move(client)); }
  // Passes the gate, then loads. Exchanges that are under way at the end are waited for; one that does not
  // complete has failed.
  [[nodiscard]] Report run();

 private:
  using Clock = std::chrono::steady_clock;
  struct IsLater {
    bool operator()(const LoopClient* one, const LoopClient* other) const noexcept {
      return one->due_ > other->due_;
    }
  };

  [[nodiscard]] bool is_open() const noexcept { return period_.count() > 0; }
  void schedule(Clock::time_point begin);
  void start_due(Clock::time_point now);
  void turn(Clock::time_point until, std::span<char> scratch);
  void finish(std::span<char> scratch);
  void start(LoopClient& client);
  void settle(LoopClient& client, Step step);
  void retire(LoopClient& client);

  const LoadOptions& options_;
  Poller poller_;
  std::vector<std::unique_ptr<LoopClient>> clients_;
  std::priority_queue<LoopClient*, std::vector<LoopClient*>, IsLater> waiting_;  // for their time
  Clock::duration period_{};  // from one exchange of a client to its next; zero in a closed loop
  Clock::time_point end_;
  std::size_t live_ = 0;
  std::size_t under_way_ = 0;
  Report report_;
};

}  // namespace limpet::bench
