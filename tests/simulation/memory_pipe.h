// A connection kept in memory: a MemoryStream on the proxy's side, plain fields on the scripted side.
// ManualLoop tells the proxy what is ready, like a level-triggered poll; time moves by hand. One thread.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/object_pool.h"
#include "net/loop.h"
#include "net/stream.h"

namespace limpet::test {

// What the script sets and what it sees.
struct MemoryPipe {
  static constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

  // Set by the script.
  std::string to_proxy;  // not read yet
  std::size_t most_a_read = kUnlimited;
  std::size_t room = kUnlimited;  // bytes that the script still takes
  bool fin = false;               // behind to_proxy comes a FIN
  bool reset = false;             // everything unread is lost; reads and writes fail
  bool connected = true;
  std::optional<Duration> unanswered;  // what the system would say of it: see net::Stream
  int connect_error = 0;               // errno; decides a connect that is not connected yet

  // Set by the proxy.
  std::string from_proxy;    // everything it has sent
  bool proxy_fin = false;    // it sends no more
  bool proxy_reset = false;  // closed by a reset
  bool closed = false;
  std::uint32_t closes = 0;  // must not become two

  [[nodiscard]] bool connect_is_decided() const noexcept { return connected || connect_error != 0; }
};
using PipePtr = std::shared_ptr<MemoryPipe>;

class MemoryStream;

class ManualLoop final : public net::Loop {
 public:
  ManualLoop();
  ~ManualLoop() override;

  [[nodiscard]] Instant now() const noexcept override { return now_; }

  [[nodiscard]] net::StreamPtr open(PipePtr pipe);
  // Tells every stream what is ready for it, once each; then frees what was closed. False when nothing was.
  bool turn();
  // Turns until nothing is ready. False when it does not come to rest: somebody spins.
  [[nodiscard]] bool settle();
  // Lets time pass and deadlines fire, in steps; settles after each.
  [[nodiscard]] bool advance(Duration time, Duration most_a_step = std::chrono::milliseconds(50));
  // The one read or write, counted from 1 over all streams, that fails with `error` (0 = none).
  void fail_call(std::uint64_t number, int error) noexcept {
    failing_call_ = number;
    error_ = error;
  }
  // What the call under way is to fail with; 0 = it goes well. For streams.
  [[nodiscard]] int next_error() noexcept { return ++calls_ == failing_call_ ? error_ : 0; }
  [[nodiscard]] std::uint64_t calls() const noexcept { return calls_; }
  [[nodiscard]] std::size_t open_streams() const noexcept { return streams_.size() - closed_; }

 private:
  friend class MemoryStream;
  void note_closed() noexcept { ++closed_; }
  void sweep_closed();

  Instant now_;
  std::unique_ptr<ObjectPool<MemoryStream>> pool_;
  std::vector<MemoryStream*> streams_;
  std::size_t closed_ = 0;  // of streams_, to be freed at the end of the turn
  std::uint64_t calls_ = 0;
  std::uint64_t failing_call_ = 0;
  int error_ = 0;
};

class MemoryStream final : public net::Stream {
 public:
  MemoryStream(ManualLoop& loop, PipePtr pipe) noexcept : loop_(loop), pipe_(std::move(pipe)) {}

  void watch(bool readable, bool writable) noexcept override;
  [[nodiscard]] net::IoResult read(std::span<std::uint8_t> into) noexcept override;
  [[nodiscard]] net::IoResult write(std::span<const std::uint8_t> bytes) noexcept override;
  [[nodiscard]] net::IoResult write(std::span<const iovec> parts) noexcept override;
  [[nodiscard]] bool looks_alive() noexcept override;
  [[nodiscard]] int take_socket_error() noexcept override;
  [[nodiscard]] std::optional<Duration> unanswered_for() noexcept override { return pipe_->unanswered; }
  void shutdown_write() noexcept override;
  [[nodiscard]] net::IoResult write_last(std::span<const std::uint8_t> bytes) noexcept override;
  void reset_on_close() noexcept override;
  [[nodiscard]] net::Loop& loop() const noexcept override { return loop_; }

  // For the loop. True when there was something to tell.
  bool tell();
  // There is something to tell now.
  [[nodiscard]] bool is_ready() const noexcept;
  [[nodiscard]] bool is_closed() const noexcept { return pipe_->closed; }

 private:
  [[nodiscard]] bool is_readable() const noexcept;
  [[nodiscard]] bool is_writable() const noexcept;
  void close() noexcept override;

  ManualLoop& loop_;
  PipePtr pipe_;
  bool wants_read_ = false;
  bool wants_write_ = false;
};

}  // namespace limpet::test
