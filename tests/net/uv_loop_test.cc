#include "net/uv_loop.h"

#include <sys/socket.h>

#include <optional>
#include <thread>

#include "net/listener.h"
#include "net/mailbox.h"
#include "tests/support/catch.h"

using namespace limpet;
using namespace std::chrono_literals;

namespace {

Instant real_time() {
  return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

net::Fd connect_to(const SocketAddress& address) {
  net::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage native{};
  const socklen_t length = address.to_native(native);
  REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&native), length) == 0);
  return fd;
}

}  // namespace

TEST_CASE("the time that a letter takes is over for a client that comes behind it") {
  net::UvLoop loop;
  auto bound = net::bind_sockets(SocketAddress(IpAddress::from_v4({127, 0, 0, 1}), 0), 1);
  REQUIRE(bound.ok());
  const SocketAddress address = bound->address;
  std::optional<Instant> accepted;
  auto listener =
      net::Listener::start(loop, std::move(bound->sockets.front()), [&](net::Fd, const SocketAddress&) {
        accepted = loop.now();
        loop.stop();
      });
  REQUIRE(listener.ok());
  std::optional<Instant> finished;
  net::Fd client;
  net::Mailbox<int> letters(loop, [&](int) {
    std::this_thread::sleep_for(50ms);
    finished = real_time();
    client = connect_to(address);
  });
  letters.post(0);
  loop.run();
  REQUIRE(accepted);
  CHECK(*accepted >= *finished);
}

TEST_CASE("what keeps the loop busy is the lag of who waits meanwhile") {
  net::UvLoop loop;
  int letters_read = 0;
  net::Mailbox<int> letters(loop, [&](int) {
    ++letters_read;
    std::this_thread::sleep_for(300ms);
  });
  const auto late = [&] {
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < WaitTally::kBuckets; ++i) {
      // A tick was due within the first 50 ms of the letter, and came when it was done.
      count += i > 0 && WaitTally::kBounds[i - 1] >= 100 ? loop.lag().counts[i].get() : 0;
    }
    return count;
  };
  const std::uint64_t before = late();
  letters.post(0);
  const Instant end = real_time() + 10s;
  while (late() == before && real_time() < end) {
    loop.turn();
  }
  CHECK(letters_read == 1);
  CHECK(late() > before);
}
