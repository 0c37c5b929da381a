// A tunnel on the wire: bytes, ends, resets, slow readers, limits.

#include <string>

#include "tests/support/allocations.h"
#include "tests/support/catch.h"
#include "tests/support/proxy_rig.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::chrono_literals;

namespace {

// A masked text frame of 125 bytes with a zero mask: what a client sends.
std::string client_frame() {
  std::string frame("\x81\xfd\x00\x00\x00\x00", 6);
  frame.append(125, 'x');
  return frame;
}

}  // namespace

TEST_CASE("a relayed message allocates nothing") {
  ProxyRig rig(1);
  auto [client, backend] = rig.open_session();
  const std::string frame = client_frame();
  std::string answer("\x81\x7d", 2);
  answer.append(125, 'y');
  const auto exchange_messages = [&, &client = client, &backend = backend](int count) {
    for (int i = 0; i < count; ++i) {
      client.send(frame);
      backend.expect(frame);
      backend.send(answer);
      client.expect(answer);
    }
  };
  exchange_messages(10);  // whatever is made once is made now
  const std::size_t before = allocations_so_far();
  exchange_messages(10'000);
  CHECK(allocations_so_far() - before == 0);
}

TEST_CASE("the end of one direction does not end the other") {
  ProxyRig rig(1);
  auto [client, backend] = rig.open_session();
  client.finish_sending();
  CHECK(backend.read_to_end().empty());
  backend.send("still talking");
  CHECK(client.read(13) == "still talking");
  backend.finish_sending();
  WireEnd how = WireEnd::StillOpen;
  CHECK(client.read_to_end(&how).empty());
  CHECK(how == WireEnd::Fin);
  CHECK(happens([&] { return rig.open_connections() == 0; }));
  CHECK(rig.counters().ends(CloseReason::ClientClosed) == 1);
}

TEST_CASE("a reset is passed on as a reset, both ways") {
  ProxyRig rig(1);
  WireEnd how = WireEnd::StillOpen;
  SECTION("from the client") {
    auto [client, backend] = rig.open_session();
    client.reset();
    static_cast<void>(backend.read_to_end(&how));
    CHECK(happens([&] { return rig.counters().ends(CloseReason::ClientReset) == 1; }));
  }
  SECTION("from the backend") {
    auto [client, backend] = rig.open_session();
    backend.reset();
    static_cast<void>(client.read_to_end(&how));
    CHECK(happens([&] { return rig.counters().ends(CloseReason::BackendReset) == 1; }));
  }
  CHECK(how == WireEnd::Reset);
  CHECK(happens([&] { return rig.open_connections() == 0; }));
}

TEST_CASE("a reader that is slow gets every byte in order") {
  ProxyRig rig(1);
  auto [client, backend] = rig.open_session();
  std::string sent;
  for (std::uint32_t i = 0; sent.size() < 8 * 1024 * 1024; ++i) {
    sent += std::to_string(i) + ",";
  }
  std::thread sender([&sent, &backend = backend] {
    backend.send(sent);
    backend.finish_sending();
  });
  std::string received;
  while (received.size() < sent.size()) {
    received += client.read(std::min<std::size_t>(4096, sent.size() - received.size()));
  }
  sender.join();
  CHECK(received == sent);
  client.finish_sending();
  CHECK(happens([&] { return rig.open_connections() == 0; }));
}

TEST_CASE("an idle session ends with a Close that says so, both ways") {
  ProxyRig rig(1, [](proxy::Snapshot& snapshot) { snapshot.timeouts.idle = 200ms; });
  auto [client, backend] = rig.open_session();
  client.expect(std::string("\x88\x0e\x03\xe9", 4) + "idle timeout");
  CHECK(backend.read(20).substr(0, 2) == "\x88\x8e");
  client.finish_sending();
  backend.finish_sending();
  CHECK(happens([&] { return rig.counters().ends(CloseReason::IdleTimeout) == 1; }));
}

TEST_CASE("a session counts at its backend and in the table until it ends") {
  ProxyRig rig(1);
  {
    auto [client, backend] = rig.open_session();
    CHECK(happens([&] { return rig.state().sessions == 1 && rig.state().exchanges == 0; }));
    const auto page = rig.pins().list(0, 10, {}, Instant::max());
    REQUIRE(page.entries.size() == 1);
    CHECK(page.entries[0].sessions == 1);
    CHECK(page.entries[0].key.size() == 16);
  }
  CHECK(happens([&] { return rig.state().sessions == 0 && rig.open_connections() == 0; }));
  const auto page = rig.pins().list(0, 10, {}, SystemClock().now());
  REQUIRE(page.entries.size() == 1);
  CHECK(page.entries[0].sessions == 0);
}

TEST_CASE("the rest of a session reaches a slow client that has ended its own direction") {
  ProxyRig rig(1);
  Wire client = rig.connect_slow_client();
  client.send(kUpgrade);
  Wire backend = rig.backend().accept();
  static_cast<void>(backend.read_head());
  backend.send(kSwitch);
  static_cast<void>(client.read_head());
  client.finish_sending();
  CHECK(backend.read_to_end().empty());
  const std::string sent(1024 * 1024, 'x');
  backend.send(sent);
  backend.finish_sending();  // both directions of the backend's socket have ended, most of it is unread
  CHECK_FALSE(happens([&] { return rig.counters().get(Counter::SessionsEnded) != 0; }, 300ms));
  WireEnd how = WireEnd::StillOpen;
  CHECK(client.read_to_end(&how) == sent);
  CHECK(how == WireEnd::Fin);
}

TEST_CASE("leaving at once gives every live session its one reason") {
  ProxyRig rig(1);
  auto [client, backend] = rig.open_session();
  rig.stop();
  rig.join();
  CHECK(rig.counters().get(Counter::SessionsEnded) == 1);
  CHECK(rig.counters().ends(CloseReason::Shutdown) == 1);
  CHECK(rig.state().sessions == 0);
}

TEST_CASE("a worker leaves when the sessions that it has sent away are gone") {
  ProxyRig rig(1);
  auto [client, backend] = rig.open_session();
  rig.leave(10s);
  client.expect(std::string("\x88\x11\x03\xf4", 4) + "service restart");
  client.finish_sending();
  static_cast<void>(backend.read(23));
  backend.finish_sending();
  rig.join();
  CHECK(rig.counters().ends(CloseReason::Shutdown) == 1);
}
