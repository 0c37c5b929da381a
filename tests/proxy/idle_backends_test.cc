#include "proxy/idle_backends.h"

#include <sys/socket.h>

#include <array>

#include "net/socket_stream.h"
#include "tests/support/catch.h"

using namespace limpet;
using namespace std::chrono_literals;

namespace {

// A waiting connection and the backend's end of it.
struct Pair {
  net::StreamPtr ours;
  net::Fd backend;

  explicit Pair(net::UvLoop& loop) {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
    backend = net::Fd(ends[1]);
    ours = net::SocketStream::adopt(loop, net::Fd(ends[0]));
  }
};

}  // namespace

TEST_CASE("a connection is taken back newest first") {
  net::UvLoop loop;
  proxy::IdleBackends idle(loop);
  Pair pair(loop);
  const net::Stream* const stream = pair.ours.get();
  idle.put(1, std::move(pair.ours), 10s);
  CHECK(idle.take(2) == nullptr);
  CHECK(idle.take(1).get() == stream);
  CHECK(idle.take(1) == nullptr);
}

TEST_CASE("what a backend said unasked is noticed before the loop has told of it") {
  net::UvLoop loop;
  proxy::IdleBackends idle(loop);
  Pair good(loop);
  Pair spoilt(loop);
  Pair closed(loop);
  const net::Stream* const stream = good.ours.get();
  idle.put(1, std::move(good.ours), 10s);
  idle.put(1, std::move(spoilt.ours), 10s);
  idle.put(1, std::move(closed.ours), 10s);
  REQUIRE(::send(spoilt.backend.get(), "x", 1, 0) == 1);
  closed.backend.reset();
  CHECK(idle.take(1).get() == stream);
}
