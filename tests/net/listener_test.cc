#include "net/listener.h"

#include <fcntl.h>
#include <netinet/tcp.h>

#include <array>
#include <cerrno>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "net/descriptors.h"
#include "net/timer.h"
#include "tests/support/catch.h"

using namespace limpet;
using namespace std::chrono_literals;

namespace {

// A listener whose accept(2) answers what the test says; then what the system says.
struct Rig {
  net::UvLoop loop;
  SocketAddress address;
  std::deque<int> failures;  // errno of the next calls
  int calls = 0;
  int rests = 0;
  std::vector<net::Fd> accepted;
  std::vector<net::Fd> clients;
  std::unique_ptr<net::Listener> listener;

  void listen(
      int below = std::numeric_limits<int>::max(), std::function<bool()> has_room = [] { return true; }) {
    auto bound = net::bind_sockets(SocketAddress(IpAddress::from_v4({127, 0, 0, 1}), 0), 1);
    REQUIRE(bound.ok());
    address = bound->address;
    auto started = net::Listener::start(
        loop, std::move(bound->sockets.front()),
        [this](net::Fd fd, const SocketAddress&) { accepted.push_back(std::move(fd)); },
        {.below = below,
         .has_room = std::move(has_room),
         .on_rest = [this] { ++rests; },
         .accept = [this](int fd, sockaddr* peer, socklen_t* length) { return take(fd, peer, length); }});
    REQUIRE(started.ok());
    listener = std::move(started).value();
  }

  int take(int fd, sockaddr* peer, socklen_t* length) {
    ++calls;
    if (!failures.empty()) {
      errno = failures.front();
      failures.pop_front();
      return -1;
    }
    return accept4(fd, peer, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  }

  void connect() {
    net::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage native{};
    const socklen_t length = address.to_native(native);
    REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&native), length) == 0);
    clients.push_back(std::move(fd));
  }

  // Turns the loop until so many were accepted; false after ten seconds.
  [[nodiscard]] bool accepts(std::size_t count) {
    const Instant deadline = loop.now() + 10s;
    net::Timer look(loop, 5ms, [this, count, deadline] {
      if (accepted.size() >= count || loop.now() > deadline) {
        loop.stop();
      }
    });
    loop.run();
    return accepted.size() == count;
  }
};

}  // namespace

TEST_CASE("out of anything accepting rests and goes on by itself") {
  const int error = GENERATE(EMFILE, ENFILE, ENOBUFS, ENOMEM);
  Rig rig;
  rig.listen();
  rig.failures.assign(3, error);
  rig.connect();
  CHECK(rig.accepts(1));
  CHECK(rig.rests == 3);
  CHECK(rig.calls < 10);  // it did not spin
}

TEST_CASE("acknowledgements of an accepted client ride on what is sent to it") {
  Rig rig;
  rig.listen();
  rig.connect();
  REQUIRE(rig.accepts(1));
  int at_once = -1;
  socklen_t length = sizeof(at_once);
  REQUIRE(getsockopt(rig.accepted.front().get(), IPPROTO_TCP, TCP_QUICKACK, &at_once, &length) == 0);
  CHECK(at_once == 0);
}

TEST_CASE("a client that is gone before it was accepted costs nobody anything") {
  const int error = GENERATE(ECONNABORTED, EINTR);
  Rig rig;
  rig.listen();
  rig.failures.assign(3, error);
  rig.connect();
  CHECK(rig.accepts(1));
  CHECK(rig.rests == 0);
}

TEST_CASE("a descriptor that is kept free is not given to a client, who is served when a lower one is free") {
  Rig rig;
  // Everything below the next free number is in use, so the first client already gets a number too high.
  std::vector<net::Fd> holders;
  holders.emplace_back(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  const int below = holders.back().get() + 20;
  while (holders.back().get() + 1 < below) {
    holders.emplace_back(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  }
  rig.listen(below);
  rig.connect();
  net::Timer release(rig.loop, 300ms, [&holders] { holders.clear(); });
  CHECK(rig.accepts(1));
  CHECK(rig.rests > 0);
  CHECK(rig.accepted.front().get() < below);
}

TEST_CASE("accepting rests while there is no room, and goes on when there is") {
  Rig rig;
  bool has_room = false;
  rig.listen(std::numeric_limits<int>::max(), [&has_room] { return has_room; });
  rig.connect();
  net::Timer release(rig.loop, 250ms, [&has_room] { has_room = true; });
  CHECK(rig.accepts(1));
  CHECK(rig.rests >= 2);
  CHECK(rig.calls <= 2);
}

TEST_CASE("a client of a listener that is held waits, and is accepted when it is let go") {
  const bool rests = GENERATE(false, true);
  Rig rig;
  rig.listen();
  if (rests) {
    rig.failures.assign(2, EMFILE);
    rig.connect();
    while (rig.rests == 0) {
      rig.loop.turn();
    }
  }
  rig.listener->hold(true);
  rig.connect();
  const int calls = rig.calls;
  bool is_over = false;
  net::Timer end(rig.loop, 3 * net::Listener::kRest, [&is_over] { is_over = true; });
  while (!is_over) {
    rig.loop.turn();
  }
  CHECK(rig.accepted.empty());
  CHECK(rig.calls == calls);
  rig.listener->hold(false);
  CHECK(rig.accepts(rests ? 2 : 1));
}

TEST_CASE("clients leave descriptors to backends, and both leave some to the rest of the process") {
  constexpr std::uint64_t kOwn = 40;
  for (const std::uint64_t limit : {96U, 128U, 1024U, 20000U, 1000000U}) {
    const auto bounds = net::DescriptorBounds::of(limit, kOwn);
    INFO("limit " << limit);
    CHECK(bounds.for_clients > static_cast<int>(kOwn));
    CHECK(bounds.for_clients < bounds.for_backends);
    CHECK(static_cast<std::uint64_t>(bounds.for_backends) + 16 <= limit);
    CHECK(bounds.most_clients > 0);
    const auto for_traffic = static_cast<std::uint64_t>(bounds.for_backends) - kOwn;
    CHECK(3 * bounds.most_clients <= 2 * for_traffic);
    CHECK(2 * bounds.most_clients >= for_traffic);
  }
  CHECK(net::DescriptorBounds::of(~std::uint64_t{0}, kOwn).for_clients > 1'000'000);
  for (const std::uint64_t limit : {std::uint64_t{0}, kOwn, kOwn + 8}) {
    const auto bounds = net::DescriptorBounds::of(limit, kOwn);
    CHECK(bounds.most_clients == 0);
    CHECK(net::DescriptorBounds::least_limit(kOwn) > limit);
  }
}

TEST_CASE("who waits in the queue of a listener that is to close is accepted first") {
  Rig rig;
  rig.listen();
  for (int i = 0; i < 5; ++i) {
    rig.connect();
  }
  rig.listener->accept_queued();
  CHECK(rig.accepted.size() == 5);
  rig.listener.reset();
}

TEST_CASE("a listener that is to close accepts nobody beyond what there is room for") {
  Rig rig;
  rig.listen(std::numeric_limits<int>::max(), [&rig] { return rig.accepted.size() < 2; });
  for (int i = 0; i < 5; ++i) {
    rig.connect();
  }
  rig.listener->accept_queued();
  CHECK(rig.accepted.size() == 2);
}
