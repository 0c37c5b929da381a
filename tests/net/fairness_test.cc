// What one turn of the loop does for one descriptor is bounded, whatever waits behind it.

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "net/listener.h"
#include "net/socket_stream.h"
#include "tests/support/catch.h"

using namespace limpet;

namespace {

// One end is a stream of the loop, read once whenever it is told.
class Reader final : public net::StreamEvents {
 public:
  explicit Reader(net::UvLoop& loop) {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
    far_ = net::Fd(ends[0]);
    stream_ = net::SocketStream::adopt(loop, net::Fd(ends[1]));
    stream_->set_events(this);
    stream_->watch(true, false);
  }

  // As much as the system takes.
  void fill() {
    const std::string piece(kPieceBytes, 'x');
    while (::send(far_.get(), piece.data(), piece.size(), MSG_NOSIGNAL) > 0) {
    }
  }
  void send_one() { REQUIRE(::send(far_.get(), "x", 1, MSG_NOSIGNAL) == 1); }

  void on_readable(net::Stream& stream) override {
    ++told;
    std::array<std::uint8_t, kPieceBytes> piece{};
    static_cast<void>(stream.read(piece));
  }
  void on_writable(net::Stream&) override {}
  void on_broken(net::Stream&) override {}

  int told = 0;

 private:
  static constexpr std::size_t kPieceBytes = 1024;

  net::Fd far_;
  net::StreamPtr stream_;
};

}  // namespace

TEST_CASE("a stream that always has more is told once a turn, like one that has a byte") {
  net::UvLoop loop;
  Reader flooded(loop);
  Reader quiet(loop);
  flooded.fill();
  for (int turn = 1; turn <= 10; ++turn) {
    quiet.send_one();
    loop.turn();
    CHECK(flooded.told == turn);
    CHECK(quiet.told == turn);
  }
}

TEST_CASE("of a crowd of clients at most 64 are accepted in a turn, and a session has its turn beside them") {
  constexpr std::size_t kMostATurn = 64;
  constexpr std::size_t kCrowd = 400;
  net::UvLoop loop;
  Reader quiet(loop);
  auto bound = net::bind_sockets(SocketAddress(IpAddress::from_v4({127, 0, 0, 1}), 0), 1);
  REQUIRE(bound.ok());
  std::vector<net::Fd> accepted;
  auto listener = net::Listener::start(
      loop, std::move(bound->sockets.front()),
      [&accepted](net::Fd fd, const SocketAddress&) { accepted.push_back(std::move(fd)); },
      {.has_room = [] { return true; }, .on_rest = [] {}});
  REQUIRE(listener.ok());
  sockaddr_storage native{};
  const socklen_t length = bound->address.to_native(native);
  std::vector<net::Fd> crowd;
  while (crowd.size() < kCrowd) {
    crowd.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::connect(crowd.back().get(), reinterpret_cast<const sockaddr*>(&native), length) == 0);
  }
  std::size_t most = 0;
  int turns = 0;
  while (accepted.size() < kCrowd) {
    const std::size_t before = accepted.size();
    quiet.send_one();
    loop.turn();
    most = std::max(most, accepted.size() - before);
    CHECK(quiet.told == ++turns);
    REQUIRE(turns < static_cast<int>(kCrowd));
  }
  CHECK(most == kMostATurn);
}
