#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "net/listener.h"
#include "tests/support/catch.h"

namespace limpet::net {
namespace {

const SocketAddress kAnyPort(IpAddress::from_v4({127, 0, 0, 1}), 0);

Fd connect_to(const SocketAddress& address) {
  Fd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage native{};
  const socklen_t length = address.to_native(native);
  REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&native), length) == 0);
  return fd;
}

int accept_all(const std::vector<Fd>& sockets) {
  int accepted = 0;
  for (const Fd& fd : sockets) {
    while (Fd(::accept4(fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)).valid()) {
      ++accepted;
    }
  }
  return accepted;
}

std::vector<Fd> copies_of(const std::vector<Fd>& sockets) {
  std::vector<Fd> copies;
  for (const Fd& fd : sockets) {
    copies.emplace_back(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  }
  return copies;
}

TEST_CASE("clients of a socket that somebody else has opened inherit what ours do") {
  Fd foreign(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage native{};
  const socklen_t length = kAnyPort.to_native(native);
  REQUIRE(::bind(foreign.get(), reinterpret_cast<const sockaddr*>(&native), length) == 0);
  REQUIRE(::listen(foreign.get(), 8) == 0);
  std::vector<Fd> sockets;
  sockets.push_back(std::move(foreign));
  const auto adopted = adopt_sockets(std::move(sockets), 1);
  REQUIRE(adopted.ok());
  const Fd client = connect_to(adopted->address);
  const Fd accepted(::accept4(adopted->sockets.front().get(), nullptr, nullptr, SOCK_CLOEXEC));
  REQUIRE(accepted.valid());
  const auto flag = [&accepted](int level, int option) {
    int value = 0;
    socklen_t size = sizeof(value);
    REQUIRE(::getsockopt(accepted.get(), level, option, &value, &size) == 0);
    return value;
  };
  CHECK(flag(IPPROTO_TCP, TCP_NODELAY) == 1);
  CHECK(flag(SOL_SOCKET, SO_KEEPALIVE) == 1);
}

TEST_CASE("who waits in the queues of the last owner is accepted by the next, with fewer or more workers") {
  for (const std::size_t least : {std::size_t{1}, std::size_t{4}, std::size_t{7}}) {
    INFO(least << " workers after 4");
    auto bound = bind_sockets(kAnyPort, 4);
    REQUIRE(bound.ok());
    std::vector<Fd> clients;
    for (int i = 0; i < 40; ++i) {
      clients.push_back(connect_to(bound->address));
    }
    auto adopted = adopt_sockets(copies_of(bound->sockets), least);
    REQUIRE(adopted.ok());
    CHECK(adopted->address == bound->address);
    CHECK(adopted->sockets.size() == std::max<std::size_t>(least, 4));
    for (int i = 0; i < 40; ++i) {
      clients.push_back(connect_to(adopted->address));
    }
    CHECK(accept_all(bound->sockets) == 80);  // nobody waits for the new ones yet
    bound->sockets.clear();
    for (const Fd& socket : adopted->sockets) {
      CHECK_FALSE(listen_on(socket).has_value());
    }
    for (int i = 0; i < 40; ++i) {
      clients.push_back(connect_to(adopted->address));
    }
    CHECK(accept_all(adopted->sockets) == 40);
  }
}

TEST_CASE("a socket that does not share its port is served by all workers") {
  Fd fd(::socket(AF_INET, SOCK_STREAM, 0));  // as a service manager makes it: blocking, passed to children
  sockaddr_storage native{};
  const socklen_t length = kAnyPort.to_native(native);
  REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&native), length) == 0);
  REQUIRE(::listen(fd.get(), 10) == 0);
  std::vector<Fd> given;
  given.push_back(std::move(fd));
  const auto adopted = adopt_sockets(std::move(given), 3);
  REQUIRE(adopted.ok());
  REQUIRE(adopted->sockets.size() == 3);
  const Fd client = connect_to(adopted->address);
  for (const Fd& socket : adopted->sockets) {
    CHECK((fcntl(socket.get(), F_GETFL) & O_NONBLOCK) != 0);
    CHECK((fcntl(socket.get(), F_GETFD) & FD_CLOEXEC) != 0);
  }
  CHECK(accept_all(adopted->sockets) == 1);
}

TEST_CASE("the socket of a Unix path is adopted by its path") {
  std::string folder = (std::filesystem::temp_directory_path() / "limpet-adopt-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  auto bound = bind_sockets(SocketAddress::unix_path(folder + "/socket"), 2);
  REQUIRE(bound.ok());
  const auto adopted = adopt_sockets(copies_of(bound->sockets), 3);
  REQUIRE(adopted.ok());
  CHECK(adopted->address == bound->address);
  bound->sockets.clear();
  const Fd client = connect_to(adopted->address);
  CHECK(accept_all(adopted->sockets) == 1);
  std::filesystem::remove_all(folder);
}

TEST_CASE("what does not listen is not adopted") {
  std::vector<Fd> given;
  given.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  CHECK_FALSE(adopt_sockets(std::move(given), 1).ok());
  given.clear();
  given.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  CHECK_FALSE(adopt_sockets(std::move(given), 1).ok());
}

}  // namespace
}  // namespace limpet::net
