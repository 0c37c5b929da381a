// ProxyHeaderWait: an accepted socket of a proxy until its PROXY header has come. Nothing behind the header
// is taken from the socket: the bytes are looked at (MSG_PEEK) and then only those of the header are read, so
// that whatever comes next, a TLS handshake or a request, begins where it should. Worker.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "net/deadlines.h"
#include "net/fd.h"
#include "net/poller.h"
#include "net/proxy_protocol.h"
#include "net/uv_loop.h"

namespace limpet::net {

struct ProxyHeaderAnswer {
  enum class How : std::uint8_t {
    Whole,      // `header` is there, and the socket is to be taken
    Malformed,  // none, or not as specified: `fault` says what is wrong
    Cut,        // ended in the middle of it
    Late,
    Closed,  // ended before its first byte
    Reset,
    Unwatched,  // the system is out of memory for watching it
  };

  How how = How::Whole;
  ProxyHeader header{};
  const char* fault = "";
};

class ProxyHeaderOwner {
 public:
  // Called exactly once, from within start() too, unless it is cancelled. The wait is on the stack: it lives
  // to the end of the turn.
  virtual void on_proxy_header(const ProxyHeaderAnswer& answer) = 0;

 protected:
  ~ProxyHeaderOwner() = default;
};

class ProxyHeaderWait final : public Pollable, public DeadlineOwner {
 public:
  ProxyHeaderWait(UvLoop& loop, Fd socket, ProxyHeaderOwner& owner) noexcept
      : loop_(loop), socket_(std::move(socket)), owner_(owner) {}

  // Requires a non-blocking socket.
  void start(Instant due);
  // The socket, no longer watched, with everything behind the header still in it.
  [[nodiscard]] Fd take_socket();
  // Ends without an answer.
  void cancel() noexcept;

  void on_ready(std::uint32_t ready) override;
  void on_deadline() override;

 private:
  // False when it has answered.
  bool read_on();
  bool look_at(std::string_view fresh);
  // Takes the first bytes off the socket, which has them.
  void consume(std::size_t bytes);
  void answer(const ProxyHeaderAnswer& answer);

  UvLoop& loop_;
  Fd socket_;
  ProxyHeaderOwner& owner_;
  Deadline deadline_{*this};
  std::string begin_;  // of a header that comes in pieces; empty in nearly all cases
  bool is_watched_ = false;
  bool is_over_ = false;
};

}  // namespace limpet::net
