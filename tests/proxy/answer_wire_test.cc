// Answers on the wire, to clients that read slowly.

#include <unistd.h>

#include <string>

#include "tests/support/catch.h"
#include "tests/support/proxy_rig.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kGet = "GET /big HTTP/1.1\r\nHost: example.com\r\n\r\n";

std::string head_for(std::size_t length) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

// An answer whose exchange is complete while the proxy still keeps a good part of it for the client. The
// first part is more than the sockets take, so the proxy pauses; the second then waits in one piece and is
// read whole when the first is gone.
struct KeptAnswer {
  static constexpr std::size_t kFirst = 192 * 1024;
  static constexpr std::size_t kSecond = 200 * 1024;

  explicit KeptAnswer(ProxyRig& rig) : client(rig.connect_slow_client()) {
    client.send(kGet);
    Wire backend = rig.backend().accept();
    static_cast<void>(backend.read_head());
    backend.send(head_for(kFirst + kSecond) + std::string(kFirst, 'a'));
    const auto is_complete = [&] { return rig.counters().ends(CloseReason::Completed) == 1; };
    REQUIRE_FALSE(happens(is_complete, 200ms));
    backend.send(std::string(kSecond, 'b'));
    static_cast<void>(client.read_head());
    while (!happens(is_complete, 5ms)) {
      left -= client.read(4096).size();
    }
    REQUIRE(left > kSecond / 2);
  }

  Wire client;
  std::size_t left = kFirst + kSecond;  // to be read by the client
};

}  // namespace

TEST_CASE("a slow client gets the whole answer of a backend on a Unix socket that closes behind it") {
  const std::string path = "/tmp/limpet-wire-" + std::to_string(getpid());
  const SocketAddress address = SocketAddress::unix_path(path);
  WireServer server(address);
  ProxyRig rig(1, [&](proxy::Snapshot& snapshot) {
    backends::Backend backend = snapshot.pools[0].backends[0];
    backend.address = address;
    snapshot.pools[0].backends = backends::BackendSet({backend});
  });
  Wire client = rig.connect_slow_client();
  client.send(kGet);
  Wire backend = server.accept();
  static_cast<void>(backend.read_head());
  const std::string body(400 * 1024, 'x');
  std::jthread sender([&] {
    backend.send(head_for(body.size()) + body);
    backend.close();
  });
  CHECK(client.read_head().find("200 OK") != std::string::npos);
  std::string received;
  while (received.size() < body.size() / 2) {
    received += client.read(32 * 1024);
  }
  sender.join();
  CHECK_FALSE(happens([&] { return rig.open_connections() == 0; }, 200ms));
  received += client.read(body.size() - received.size());
  CHECK(received == body);
  CHECK(rig.state().failures == 0);
  ::unlink(path.c_str());
}

TEST_CASE("a client that reads slowly but steadily is not cut") {
  ProxyRig rig(1, [](proxy::Snapshot& snapshot) { snapshot.timeouts.body = 1s; });
  KeptAnswer answer(rig);
  // 80 KiB a second for three seconds, by the clock: three times the bound for a body without progress.
  const auto began = std::chrono::steady_clock::now();
  std::size_t taken = 0;
  while (taken < answer.left) {
    const auto elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    const auto due = std::min(answer.left, static_cast<std::size_t>(elapsed * 80 * 1024));
    taken += answer.client.read(due - taken).size();
    std::this_thread::sleep_for(5ms);
  }
  CHECK(taken == answer.left);
}

TEST_CASE("stopping does not wait for the next request of a client that has yet to read its answer") {
  ProxyRig rig(1);
  KeptAnswer answer(rig);
  rig.leave(60s);
  WireEnd how = WireEnd::StillOpen;
  CHECK(answer.client.read_to_end(&how).size() == answer.left);
  CHECK(how == WireEnd::Fin);
}
