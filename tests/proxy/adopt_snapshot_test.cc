// What a new snapshot and a change of listeners do to a worker that is at work.
#include "proxy/adopt_snapshot.h"

#include <sys/socket.h>

#include <array>

#include "net/socket_stream.h"
#include "proxy/idle_backends.h"
#include "tests/support/catch.h"

using namespace limpet;
using namespace std::chrono_literals;

namespace {

net::StreamPtr connection(net::UvLoop& loop, std::vector<net::Fd>& far_ends) {
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
  far_ends.emplace_back(ends[1]);
  return net::SocketStream::adopt(loop, net::Fd(ends[0]));
}

}  // namespace

TEST_CASE("connections to a backend that is not kept are closed, others stay") {
  net::UvLoop loop;
  std::vector<net::Fd> far_ends;
  proxy::IdleBackends idle(loop);
  idle.put(1, connection(loop, far_ends), 10s);
  idle.put(2, connection(loop, far_ends), 10s);
  const std::uint64_t kept = idle.epoch(1);
  const std::uint64_t gone = idle.epoch(2);
  idle.keep_where([](backends::BackendId id) { return id == 1; });
  CHECK(idle.take(1) != nullptr);
  CHECK(idle.take(2) == nullptr);
  CHECK(idle.epoch(1) == kept);
  CHECK(idle.epoch(2) != gone);
}
