// What a worker counts of its sessions, by backend and pool: each thing once, where it belongs.
#include <array>
#include <string>

#include "proxy/pool_tally.h"
#include "tests/proxy/farewell_story.h"

using namespace limpet;
using namespace limpet::test;
using websocket::CloseTally;

namespace {

const backends::Traffic& traffic_of(SimulatedProxy& proxy, std::size_t backend = 0) {
  const backends::Traffic* found = nullptr;
  proxy.context().snapshot->pools.front().backends.all()[backend].state->traffic.for_each(
      [&](const backends::Traffic& traffic) { found = &traffic; });
  REQUIRE(found != nullptr);
  return *found;
}

const proxy::PoolCounts& pool_of(SimulatedProxy& proxy) {
  const proxy::PoolCounts* found = nullptr;
  proxy.context().pools.for_each(
      [&](affinity::PoolId pool, const proxy::PoolCounts& counts) { found = pool == 1 ? &counts : found; });
  REQUIRE(found != nullptr);
  return *found;
}

std::uint64_t failed(const backends::HandshakeTally& tally, CloseReason reason) {
  return tally.failed[static_cast<std::size_t>(reason)].get();
}

// All outcomes together.
std::uint64_t all_of(const backends::HandshakeTally& tally) {
  std::uint64_t sum = tally.opened.get();
  for (const Tally& count : tally.refused) {
    sum += count.get();
  }
  for (const Tally& count : tally.failed) {
    sum += count.get();
  }
  return sum;
}

std::uint64_t closes(SimulatedProxy& proxy, Side by, std::uint16_t code) {
  return pool_of(proxy).closes.closes[static_cast<std::size_t>(by)][CloseTally::place(code)].get();
}

// A client that asks for a session; the backend it comes to is the last one that was opened.
struct Asking {
  explicit Asking(SimulatedProxy& proxy, const std::string& request = std::string(kUpgrade))
      : client(proxy.connect_client()) {
    client->to_proxy = request;
    REQUIRE(proxy.loop().settle());
  }
  PipePtr client;
};

constexpr std::size_t kClientError = 4;  // of the classes

}  // namespace

TEST_CASE("frames, messages and bytes are counted by the side that they came from") {
  FarewellStory story;
  const std::string hello = from_client("hello");
  story.client_sends(hello);
  story.client_sends(hello + hello);
  const std::string answer = from_backend(std::string(300, 'x'));
  story.backend_sends(answer);
  story.backend_sends(std::string("\x89\x00", 2));  // a ping

  const backends::Traffic& traffic = traffic_of(story.proxy);
  CHECK(traffic.from_client.bytes.get() == 3 * hello.size());
  CHECK(traffic.from_client.frames.messages.get() == 3);
  CHECK(traffic.from_client.frames.frames[2].get() == 3);
  CHECK(traffic.from_backend.bytes.get() == answer.size() + 2);
  CHECK(traffic.from_backend.frames.messages.get() == 1);
  CHECK(traffic.from_backend.frames.frames[9].get() == 1);
  CHECK(pool_of(story.proxy).from_client.counts[0].get() == 3);
  CHECK(pool_of(story.proxy).from_client.bytes.get() == 15);
  CHECK(pool_of(story.proxy).from_backend.counts[SizeTally::bucket(300)].get() == 1);
}

TEST_CASE("what is dropped behind our Close is counted as it came") {
  FarewellStory story;
  story.send_away();
  story.client_sends(from_client("late"));
  CHECK(traffic_of(story.proxy).from_client.frames.messages.get() == 1);
  CHECK(closes(story.proxy, Side::Self, 1012) == 0);
  story.client_sends(kClientClose);
  story.backend_sends(kBackendClose);
  story.end(story.backend);
  story.end(story.client);
  CHECK(closes(story.proxy, Side::Self, 1012) == 1);
  CHECK(traffic_of(story.proxy).ended[static_cast<std::size_t>(CloseReason::Drained)].get() == 1);
}

TEST_CASE("a close is that of the side which said it first, with its code") {
  FarewellStory story;
  SECTION("of the client") {
    story.client_sends(kClientClose);
    story.backend_sends(kBackendClose);
    story.end(story.client);
    story.end(story.backend);
    CHECK(closes(story.proxy, Side::Client, 1000) == 1);
  }
  SECTION("of the backend, with a code of its own") {
    story.backend_sends(std::string("\x88\x02\x0f\xa1", 4));  // 4001
    story.end(story.backend);
    story.end(story.client);
    CHECK(closes(story.proxy, Side::Backend, 4999) == 1);
  }
  SECTION("without a code") {
    story.client_sends(std::string("\x88\x80\0\0\0\0", 6));
    story.end(story.client);
    story.end(story.backend);
    CHECK(closes(story.proxy, Side::Client, websocket::kNoCode) == 1);
  }
  SECTION("without a Close") {
    story.end(story.client);
    story.end(story.backend);
    CHECK(closes(story.proxy, Side::Client, websocket::kNoClose) == 1);
  }
  SECTION("by a reset") {
    story.reset(story.backend);
    CHECK(closes(story.proxy, Side::Backend, websocket::kNoClose) == 1);
  }
}

TEST_CASE("codes that everybody may choose are counted by their class") {
  CHECK(CloseTally::word(CloseTally::place(1000)) == "1000");
  CHECK(CloseTally::word(CloseTally::place(1015)) == "1015");
  CHECK(CloseTally::word(CloseTally::place(3000)) == "3xxx");
  CHECK(CloseTally::word(CloseTally::place(4999)) == "4xxx");
  constexpr std::array<std::uint16_t, 6> kOthers{0, 999, 1016, 2999, 5000, 65535};
  for (const std::uint16_t code : kOthers) {
    CAPTURE(code);
    CHECK(CloseTally::word(CloseTally::place(code)) == "other");
  }
}

TEST_CASE("a handshake has one outcome for its client, and one for each backend that was tried") {
  SimulatedProxy proxy(2);
  SECTION("a 101") {
    OpenSession session(proxy);
    CHECK(pool_of(proxy).handshakes.opened.get() == 1);
    CHECK(pool_of(proxy).opening.counts[0].get() == 1);
  }
  SECTION("refused by the backend") {
    Asking asking(proxy);
    proxy.backends().opened.back()->to_proxy = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    REQUIRE(proxy.loop().settle());
    CHECK(pool_of(proxy).handshakes.refused[kClientError].get() == 1);
  }
  SECTION("a 101 that is none") {
    Asking asking(proxy);
    proxy.backends().opened.back()->to_proxy =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n";
    REQUIRE(proxy.loop().settle());
    CHECK(failed(pool_of(proxy).handshakes, CloseReason::BadAnswer) == 1);
  }
  SECTION("a client that does not wait") {
    Asking asking(proxy);
    asking.client->reset = true;
    REQUIRE(proxy.loop().settle());
    CHECK(failed(pool_of(proxy).handshakes, CloseReason::ClientReset) == 1);
  }
  SECTION("a handshake that is no valid one") {
    Asking asking(proxy,
                  "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n"
                  "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                  "Sec-WebSocket-Version: 12\r\n\r\n");
    CHECK(failed(pool_of(proxy).handshakes, CloseReason::UnsupportedVersion) == 1);
  }
  CHECK(all_of(pool_of(proxy).handshakes) == 1);
}

TEST_CASE("a backend that refuses connects has its own failure, and the client a session elsewhere") {
  SimulatedProxy proxy(2);
  proxy.backends().next = MemoryConnector::Next::Refused;
  Asking asking(proxy);
  CHECK(failed(pool_of(proxy).handshakes, CloseReason::BackendUnreachable) == 1);
  CHECK(failed(traffic_of(proxy, 0).handshakes, CloseReason::BackendUnreachable) == 1);
  CHECK(failed(traffic_of(proxy, 1).handshakes, CloseReason::BackendUnreachable) == 1);
  proxy.backends().next = MemoryConnector::Next::Connects;
  OpenSession session(proxy);
  CHECK(pool_of(proxy).handshakes.opened.get() == 1);
  CHECK(all_of(traffic_of(proxy, 0).handshakes) + all_of(traffic_of(proxy, 1).handshakes) == 3);
}

TEST_CASE("the answer to a request that is no handshake is timed from the end of the request") {
  SimulatedProxy proxy(1);
  Asking asking(proxy, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
  REQUIRE(proxy.loop().advance(3s));
  asking.client->to_proxy = "cd";
  REQUIRE(proxy.loop().settle());
  REQUIRE(proxy.loop().advance(40ms));
  proxy.backends().opened.back()->to_proxy = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  REQUIRE(proxy.loop().settle());
  const WaitTally& first_byte = pool_of(proxy).first_byte;
  CHECK(first_byte.milliseconds.get() == 40);
  CHECK(first_byte.counts[3].get() == 1);
  CHECK(all_of(pool_of(proxy).handshakes) == 0);
}

TEST_CASE("a decision is counted by what it was founded on, and a cookie that is none by its fault") {
  using affinity::CookieFault;
  using affinity::Ground;
  SimulatedProxy proxy(1);
  const auto decided = [&](Ground ground) {
    return pool_of(proxy).decisions[static_cast<std::size_t>(ground)].get();
  };
  const auto refused = [&](CookieFault fault) {
    return pool_of(proxy).cookies_refused[static_cast<std::size_t>(fault)].get();
  };
  const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n";
  Asking first(proxy, get + "\r\n");
  CHECK(decided(Ground::Balance) == 1);
  proxy.backends().opened.back()->to_proxy = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  REQUIRE(proxy.loop().settle());
  const std::string& answer = first.client->from_proxy;
  const std::size_t begin = answer.find("Set-Cookie: ") + 12;
  const std::string cookie = answer.substr(begin, answer.find(';', begin) - begin);

  Asking known(proxy, get + "Cookie: " + cookie + "\r\n\r\n");
  CHECK(decided(Ground::Cookie) == 1);
  std::string forged = cookie;
  char& inside = forged[forged.size() - 10];
  inside = inside == 'A' ? 'B' : 'A';
  Asking liar(proxy, get + "Cookie: " + forged + "\r\n\r\n");
  Asking vague(proxy, get + "Cookie: " + cookie.substr(0, cookie.find('=')) + "=x\r\n\r\n");
  CHECK(refused(CookieFault::Malformed) == 1);
  CHECK(refused(CookieFault::Unreadable) == 1);
  CHECK(refused(CookieFault::Expired) == 0);
}

TEST_CASE("a session of a key that had one a moment ago has come back") {
  SimulatedProxy proxy(
      1, [](proxy::Snapshot& snapshot) { snapshot.pools.front().rule.by = settings::AffinityBy::ClientIp; });
  const auto session_of_a_moment = [&] {
    OpenSession session(proxy);
    session.client->reset = true;
    REQUIRE(proxy.loop().settle());
  };
  session_of_a_moment();
  CHECK(pool_of(proxy).reconnects.get() == 0);
  session_of_a_moment();
  CHECK(pool_of(proxy).reconnects.get() == 1);
  REQUIRE(proxy.loop().advance(11s));
  session_of_a_moment();
  CHECK(pool_of(proxy).reconnects.get() == 1);
}
