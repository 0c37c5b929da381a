#include "net/fd_passing.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "net/listener.h"
#include "tests/support/catch.h"

namespace limpet::net {
namespace {

struct Pair {
  Pair() {
    auto made = message_pair();
    REQUIRE(made.ok());
    near = std::move(made->first);
    far = std::move(made->second);
    for (const Fd* const end : {&near, &far}) {
      REQUIRE(fcntl(end->get(), F_SETFL, O_NONBLOCK) == 0);
      CHECK((fcntl(end->get(), F_GETFD) & FD_CLOEXEC) != 0);
    }
  }
  PassedMessage receive() const {
    auto message = receive_message(far);
    REQUIRE(message.ok());
    REQUIRE(message->has_value());
    return std::move(**message);
  }
  Fd near;
  Fd far;
};

TEST_CASE("messages come whole, one at a time and in order") {
  const Pair pair;
  const std::string longest(kMaxMessageBytes, 'x');
  for (const std::string& text : {std::string("one"), longest, std::string("three")}) {
    CHECK(send_message(pair.near, text).value());
  }
  CHECK(pair.receive().bytes == "one");
  CHECK(pair.receive().bytes == longest);
  CHECK(pair.receive().bytes == "three");
  CHECK(receive_message(pair.far).error().code == ErrorCode::Unavailable);
}

TEST_CASE("a descriptor that is passed is the same socket, and is closed in children") {
  const Pair pair;
  auto bound = bind_sockets(SocketAddress(IpAddress::from_v4({127, 0, 0, 1}), 0), 2);
  REQUIRE(bound.ok());
  const std::vector<int> numbers{bound->sockets[0].get(), bound->sockets[1].get()};
  CHECK(send_message(pair.near, "two sockets", numbers).value());
  bound->sockets.clear();
  const PassedMessage message = pair.receive();
  REQUIRE(message.descriptors.size() == 2);
  for (const Fd& fd : message.descriptors) {
    CHECK(local_address(fd) == bound->address);
    CHECK((fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  }
}

TEST_CASE("as many descriptors as are allowed are passed at once") {
  const Pair pair;
  const std::vector<int> numbers(kMaxMessageDescriptors, pair.near.get());
  CHECK(send_message(pair.near, "many", numbers).value());
  CHECK(pair.receive().descriptors.size() == kMaxMessageDescriptors);
}

TEST_CASE("more than is allowed is refused by the receiver, and nothing of it stays open") {
  const Pair pair;
  const int lowest_free = fcntl(pair.near.get(), F_DUPFD_CLOEXEC, 0);
  ::close(lowest_free);
  const std::string bytes(kMaxMessageBytes + 1, 'x');
  REQUIRE(::send(pair.near.get(), bytes.data(), bytes.size(), 0) > 0);
  CHECK(receive_message(pair.far).error().code == ErrorCode::TooLarge);
  const int still_free = fcntl(pair.near.get(), F_DUPFD_CLOEXEC, 0);
  CHECK(still_free == lowest_free);
  ::close(still_free);
}

TEST_CASE("a full socket says so, and takes more when there is room") {
  const Pair pair;
  const std::string text(kMaxMessageBytes, 'x');
  int sent = 0;
  while (send_message(pair.near, text).value()) {
    ++sent;
  }
  CHECK(sent > 0);
  for (int i = 0; i < sent; ++i) {
    CHECK(pair.receive().bytes == text);
  }
  CHECK(send_message(pair.near, text).value());
}

TEST_CASE("the last message is heard from a process that ended without listening") {
  Pair pair;
  CHECK(send_message(pair.far, "never read").value());
  CHECK(send_message(pair.near, "last").value());
  pair.near.reset();
  CHECK(pair.receive().bytes == "last");
  CHECK_FALSE(receive_message(pair.far)->has_value());
}

TEST_CASE("the end of the other process is heard behind its last message") {
  Pair pair;
  CHECK(send_message(pair.near, "last").value());
  pair.near.reset();
  CHECK(pair.receive().bytes == "last");
  CHECK_FALSE(receive_message(pair.far)->has_value());
  CHECK_FALSE(send_message(pair.far, "nobody").ok());
}

}  // namespace
}  // namespace limpet::net
