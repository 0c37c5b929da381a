// Stream: bytes to and from one peer over a socket of our own: readiness from uv_poll, our own recv and send,
// nothing buffered. Owned through StreamPtr, whose end closes the socket at once and frees the memory when
// libuv lets go of it. One thread: that of its loop.
#pragma once

#include <uv.h>

#include <sys/uio.h>
#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "net/fd.h"
#include "net/loop.h"

namespace limpet::net {

class Stream;

// What happens on a stream. Any of these may end the stream.
class StreamEvents {
 public:
  virtual void on_readable(Stream& stream) = 0;
  virtual void on_writable(Stream& stream) = 0;
  // The peer cut the connection while neither reading nor writing was watched.
  virtual void on_broken(Stream& stream) = 0;

 protected:
  ~StreamEvents() = default;
};

enum class IoStatus : std::uint8_t {
  Done,        // `bytes` were moved (at least one)
  WouldBlock,  // nothing now
  End,         // read: the peer has sent everything (FIN)
  Broken,      // reset or any other failure; see `error`
};

struct IoResult {
  IoStatus status = IoStatus::WouldBlock;
  std::size_t bytes = 0;
  int error = 0;  // errno, with Broken
};

struct StreamCloser {
  void operator()(Stream* stream) const noexcept;
};
using StreamPtr = std::unique_ptr<Stream, StreamCloser>;

class Stream {
 public:
  // Takes over a connected or connecting non-blocking socket. Fails when libuv cannot watch it.
  [[nodiscard]] static Result<StreamPtr> adopt(Loop& loop, Fd fd);

  void set_events(StreamEvents* events) noexcept { events_ = events; }

  // What is watched from now on; free when nothing changes. With neither, only a cut is noticed: a peer that
  // has closed in good order is told by the next read.
  void watch(bool readable, bool writable) noexcept;
  [[nodiscard]] bool watches_readable() const noexcept { return (wanted_ & UV_READABLE) != 0; }
  [[nodiscard]] bool watches_writable() const noexcept { return (wanted_ & UV_WRITABLE) != 0; }

  // One system call each.
  [[nodiscard]] IoResult read(std::span<std::uint8_t> into) noexcept;
  [[nodiscard]] IoResult write(std::span<const std::uint8_t> bytes) noexcept;
  [[nodiscard]] IoResult write(std::span<const iovec> parts) noexcept;

  // False when the peer has closed or has sent something unasked. One system call; takes nothing.
  [[nodiscard]] bool looks_alive() noexcept;
  // The error of a connect under way, 0 = connected.
  [[nodiscard]] int take_socket_error() noexcept;
  // Sends FIN; reading goes on.
  void shutdown_write() noexcept;
  // The close that follows is a reset instead of a FIN.
  void reset_on_close() noexcept;

  [[nodiscard]] Loop& loop() const noexcept { return *static_cast<Loop*>(poll_.loop->data); }

  // For adopt() alone: a stream that is not watched by libuv yet.
  explicit Stream(Fd&& fd) noexcept : fd_(std::move(fd)) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

 private:
  friend struct StreamCloser;
  static void on_poll(uv_poll_t* poll, int status, int events);
  void report(int events);
  void rearm() noexcept;
  void close() noexcept;

  uv_poll_t poll_{};
  StreamEvents* events_ = nullptr;  // null: nobody cares, events are dropped
  Fd fd_;
  std::uint8_t wanted_ = 0;  // what the owner wants watched
  std::uint8_t armed_ = 0;   // what libuv watches
  bool closing_ = false;
};

}  // namespace limpet::net
