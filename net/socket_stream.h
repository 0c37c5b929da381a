// SocketStream: a Stream over a socket of our own: readiness from the loop's Poller, our own recv and send.
// Its memory is freed at the end of the turn in which it was closed. One thread: that of its loop.
#pragma once

#include "base/result.h"
#include "net/fd.h"
#include "net/poller.h"
#include "net/stream.h"
#include "net/uv_loop.h"

namespace limpet::net {

class SocketStream final : public Stream, public Pollable {
 public:
  // Takes over a connected or connecting non-blocking socket.
  [[nodiscard]] static StreamPtr adopt(UvLoop& loop, Fd fd);

  void watch(bool readable, bool writable) noexcept override;
  [[nodiscard]] IoResult read(std::span<std::uint8_t> into) noexcept override;
  [[nodiscard]] IoResult write(std::span<const std::uint8_t> bytes) noexcept override;
  [[nodiscard]] IoResult write(std::span<const iovec> parts) noexcept override;
  [[nodiscard]] bool looks_alive() noexcept override;
  [[nodiscard]] int take_socket_error() noexcept override;
  [[nodiscard]] std::optional<Duration> unanswered_for() noexcept override;
  void keep_alive() noexcept override;
  [[nodiscard]] bool was_lost() const noexcept override { return was_lost_; }
  void shutdown_write() noexcept override;
  [[nodiscard]] IoResult write_last(std::span<const std::uint8_t> bytes) noexcept override;
  void reset_on_close() noexcept override;
  [[nodiscard]] Loop& loop() const noexcept override { return loop_; }
  [[nodiscard]] std::unique_ptr<TlsSealer> hand_over_sealing(const TlsKeys& keys) noexcept override;

  void on_ready(std::uint32_t ready) override;
  void on_soon() noexcept override;

  // One sendmsg.
  [[nodiscard]] IoResult send(const msghdr& message) noexcept;

  // For adopt() and the loop alone.
  SocketStream(UvLoop& loop, Fd&& fd) noexcept : loop_(loop), fd_(std::move(fd)) {}
  // Tells the poller what is wanted.
  void arm() noexcept;

 private:
  // What the poller knows of this stream.
  enum class Polled : std::uint8_t { Not, Yes, TakenOut };

  // The poller knows what is wanted, or there is nothing to know.
  [[nodiscard]] bool is_armed() const noexcept {
    return polled_ == Polled::Yes ? wanted_ == armed_ : polled_ == Polled::TakenOut && wanted_ == 0;
  }
  void report(std::uint32_t ready);
  [[nodiscard]] IoResult result_of(ssize_t moved) noexcept;
  void note_error(int error) noexcept;
  void close() noexcept override;

  UvLoop& loop_;
  Fd fd_;
  std::uint8_t wanted_ = 0;  // EPOLLIN, EPOLLOUT: what the owner wants watched
  std::uint8_t armed_ = 0;   // what the poller watches, if Polled::Yes
  Polled polled_ = Polled::Not;
  bool closing_ : 1 = false;
  bool arms_later_ : 1 = false;  // it is on the loop's list
  bool was_lost_ : 1 = false;
};

// A session has two.
static_assert(sizeof(SocketStream) <= 40);

}  // namespace limpet::net
