// SocketStream: a Stream over a socket of our own: readiness from uv_poll, our own recv and send. Its memory
// is freed when libuv lets go of it. One thread: that of its loop.
#pragma once

#include <uv.h>

#include "base/result.h"
#include "net/fd.h"
#include "net/stream.h"
#include "net/uv_loop.h"

namespace limpet::net {

class SocketStream final : public Stream {
 public:
  // Takes over a connected or connecting non-blocking socket. Fails when libuv cannot watch it.
  [[nodiscard]] static Result<StreamPtr> adopt(UvLoop& loop, Fd fd);

  void watch(bool readable, bool writable) noexcept override;
  [[nodiscard]] IoResult read(std::span<std::uint8_t> into) noexcept override;
  [[nodiscard]] IoResult write(std::span<const std::uint8_t> bytes) noexcept override;
  [[nodiscard]] IoResult write(std::span<const iovec> parts) noexcept override;
  [[nodiscard]] bool looks_alive() noexcept override;
  [[nodiscard]] int take_socket_error() noexcept override;
  void shutdown_write() noexcept override;
  void reset_on_close() noexcept override;
  [[nodiscard]] Loop& loop() const noexcept override { return uv_loop(); }

  // For adopt() alone: a stream that is not watched by libuv yet.
  explicit SocketStream(Fd&& fd) noexcept : fd_(std::move(fd)) {}

 private:
  static void on_poll(uv_poll_t* poll, int status, int ready);
  void report(int ready);
  void rearm() noexcept;
  void close() noexcept override;
  [[nodiscard]] UvLoop& uv_loop() const noexcept { return *static_cast<UvLoop*>(poll_.loop->data); }

  uv_poll_t poll_{};
  Fd fd_;
  std::uint8_t wanted_ = 0;  // what the owner wants watched
  std::uint8_t armed_ = 0;   // what libuv watches
  bool closing_ = false;
};

}  // namespace limpet::net
