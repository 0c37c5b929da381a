// Stream: bytes to and from one peer, nothing buffered. A socket (SocketStream) or, in tests, memory. Owned
// through StreamPtr, whose end closes it at once. One thread: that of its loop.
#pragma once

#include <sys/uio.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/clock.h"
#include "net/io_result.h"
#include "net/loop.h"
#include "net/tls_facts.h"
#include "net/tls_sealer.h"

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

// The error of a read that found the peer's FIN where TLS has not said that nothing follows: the connection
// may have been cut by anybody. Whoever knows by other means that nothing is missing may take it for an End.
inline constexpr int kEndUnsaid = ENODATA;

struct StreamCloser {
  void operator()(Stream* stream) const noexcept;
};
using StreamPtr = std::unique_ptr<Stream, StreamCloser>;

class Stream {
 public:
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void set_events(StreamEvents* events) noexcept { events_ = events; }

  // What is watched from now on; free when nothing changes. With neither, only a cut is noticed: a peer that
  // has closed in good order is told by the next read.
  virtual void watch(bool readable, bool writable) noexcept = 0;

  // One system call each.
  [[nodiscard]] virtual IoResult read(std::span<std::uint8_t> into) noexcept = 0;
  [[nodiscard]] virtual IoResult write(std::span<const std::uint8_t> bytes) noexcept = 0;
  [[nodiscard]] virtual IoResult write(std::span<const iovec> parts) noexcept = 0;

  // False when the peer has closed or has sent something unasked. One system call; takes nothing.
  [[nodiscard]] virtual bool looks_alive() noexcept = 0;
  // The error of a connect under way, 0 = connected.
  [[nodiscard]] virtual int take_socket_error() noexcept = 0;
  // How long nothing has come from a peer that ought to have acknowledged what it was sent, and was sent
  // again; none while it owes nothing: see net/peer_silence.h. One or two system calls.
  [[nodiscard]] virtual std::optional<Duration> unanswered_for() noexcept { return std::nullopt; }
  // From now on the system asks an idle peer whether it is there. Some system calls.
  virtual void keep_alive() noexcept {}
  // A read or a write has failed because the peer has vanished.
  [[nodiscard]] virtual bool was_lost() const noexcept { return false; }
  // Sends FIN; reading goes on.
  virtual void shutdown_write() noexcept = 0;
  // The last bytes and the end of what we say behind them, in one packet. The end was not said when not all
  // of them were taken.
  [[nodiscard]] virtual IoResult write_last(std::span<const std::uint8_t> bytes) noexcept = 0;
  // The close that follows is a reset instead of a FIN.
  virtual void reset_on_close() noexcept = 0;

  [[nodiscard]] virtual Loop& loop() const noexcept = 0;
  // What TLS knows of the connection; null when it is none of TLS.
  [[nodiscard]] virtual const TlsFacts* tls() const noexcept { return nullptr; }
  // From now on what is written is sealed below, with such keys, and goes through what is returned. Null: it
  // is not, and nothing has changed. Requires that nothing waits to be sent.
  [[nodiscard]] virtual std::unique_ptr<TlsSealer> hand_over_sealing(const TlsKeys&) noexcept {
    return nullptr;
  }

 protected:
  Stream() = default;
  virtual ~Stream() = default;  // ends through close()

  [[nodiscard]] StreamEvents* events() const noexcept { return events_; }

 private:
  friend struct StreamCloser;
  // Ends the connection now; frees the stream when its loop lets go of it. Called once.
  virtual void close() noexcept = 0;

  StreamEvents* events_ = nullptr;  // null: nobody cares, events are dropped
};

inline void StreamCloser::operator()(Stream* stream) const noexcept {
  stream->close();
}

}  // namespace limpet::net
