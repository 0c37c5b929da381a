// What the real binary asks of the system and of the allocator to serve one client. A number may only grow
// with a reason, and when it falls the table follows: run by hand, the program
// tells what each takes now.

#include <utility>

#include "tests/cost/costs.h"
#include "tests/support/catch.h"
#include "tests/support/wire.h"

using namespace limpet;
using namespace limpet::test;
using cost::Counted;

namespace {

// What is made once is made before anything is counted.
constexpr int kWarmUp = 20;

// Every message: nothing about it is up to chance.
constexpr int kMessages = 1000;
const std::vector<Cost> kMessage = {
    {Counted::recv, 1, "the scratch buffer takes a message whole, and nobody asks whether there is more"},
    {Counted::send, 1, "from the same buffer"},
};

// Three of four handshakes and requests: a connect that the system finishes late, or a table that grows,
// costs one of them more.
constexpr int kRequests = 100;
constexpr std::size_t kThreeOfFour = 75;  // per cent

const std::vector<Cost> kSession = {
    {Counted::accept4, 1, "one client after the other: nobody else is looked for"},
    {Counted::close, 2, "one each side"},
    {Counted::connect, 2, "the second one hears that it is done, which spares waiting for it"},
    {Counted::epoll_ctl, 2, "one each side, when it begins"},
    {Counted::recv, 5, "the request, the 101, a Close each way, the end of the backend's side"},
    {Counted::send, 4, "the request, the 101, a Close each way"},
    {Counted::setsockopt, 2,
     "TCP_NODELAY and acknowledgements that ride, for the backend; a client inherits both"},
    {Counted::shutdown, 1, "the end of the client's side, said with the Close of the backend in one packet"},
    {Counted::socket, 1, "of the backend"},
};
const std::vector<Cost> kOfKnownClient = {
    {Counted::allocations, 16, "the heads, the state that is freed at the 101, the pin"},
};
const std::vector<Cost> kOfNewClient = {
    {Counted::allocations, 26,
     "the same, with a cookie that is made and sealed; one that is known need not be opened again"},
};

const std::vector<Cost> kGetOfKnownClient = {
    {Counted::allocations, 8, "two heads read and written anew, the pin; the cookie is known"},
    {Counted::recv, 3, "the request, the answer, a look whether the kept backend connection is alive"},
    {Counted::send, 2, "the request, the answer"},
};

std::vector<Cost> both(std::vector<Cost> some, const std::vector<Cost>& others) {
  some.insert(some.end(), others.begin(), others.end());
  return some;
}

// Heads without their blank line.
const std::string kUpgrade =
    "GET /chat HTTP/1.1\r\nHost: chat.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
const std::string kGetPage = "GET /page HTTP/1.1\r\nHost: chat.example\r\n";
const std::string kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
const std::string kClientClose("\x88\x82\x00\x00\x00\x00\x03\xe8", 8);  // 1000, masked with zeroes
const std::string kBackendClose("\x88\x02\x03\xe8", 4);

struct Stage {
  WireServer server;
  CountedLimpet limpet{server.address()};
  std::string last_head;

  struct Session {
    Wire client;
    Wire backend;
  };

  // `cookie` is a header line, or none. The answer of limpet is kept in `last_head`.
  Session open(const std::string& cookie = {}) {
    Wire client = Wire::connect(limpet.address());
    client.send(kUpgrade + cookie + "\r\n");
    Wire backend = server.accept();
    static_cast<void>(backend.read_head());
    backend.send(kSwitch);
    last_head = client.read_head();
    return {std::move(client), std::move(backend)};
  }

  static void end(Session session) {
    session.client.send(kClientClose);
    session.backend.expect(kClientClose);
    session.backend.send(kBackendClose);
    session.client.expect(kBackendClose);
    session.backend.close();
    static_cast<void>(session.client.read_to_end());
  }

  // What each repetition has taken.
  template <typename Work>
  std::vector<CallCounts> count(int repetitions, const Work& work) {
    for (int i = 0; i < kWarmUp; ++i) {
      work();
    }
    std::vector<CallCounts> taken;
    CallCounts before = limpet.calls_so_far();
    for (int i = 0; i < repetitions; ++i) {
      work();
      const CallCounts after = limpet.calls_so_far();
      taken.push_back(after);
      for (std::size_t what = 0; what < after.size(); ++what) {
        taken.back()[what] -= std::exchange(before[what], after[what]);
      }
    }
    return taken;
  }
};

// The line with which a client brings back the cookie that it got in `head`.
std::string cookie_in(const std::string& head) {
  const std::string before = "Set-Cookie: ";
  const std::size_t begin = head.find(before);
  REQUIRE(begin != std::string::npos);
  return "Cookie: " + head.substr(begin + before.size(), head.find(';', begin) - begin - before.size()) +
         "\r\n";
}

// A frame in which the payload begins with a mask of zeroes, or no mask.
std::string frame_of(std::string_view head, std::size_t payload_bytes) {
  return std::string(head) + std::string(payload_bytes, 'x');
}

// What is done on a timer, whoever is relayed, falls into one of thousands now and then.
constexpr std::size_t kNearlyEvery = 99;

using namespace std::string_view_literals;

}  // namespace

TEST_CASE("a relayed message costs one recv and one send, and nothing is allocated") {
  constexpr std::size_t kSmall = 125;
  constexpr std::size_t kLarge = 16 * 1024;
  const auto [from_client, from_backend] = GENERATE_COPY(
      std::pair(frame_of("\x82\xfd\0\0\0\0"sv, kSmall), frame_of("\x82\x7d"sv, kSmall)),
      std::pair(frame_of("\x82\xfe\x40\0\0\0\0\0"sv, kLarge), frame_of("\x82\x7e\x40\0"sv, kLarge)));
  Stage stage;
  auto [client, backend] = stage.open();
  const auto upwards =
      kept_within(stage.count(kMessages,
                              [&, &client = client, &backend = backend, &frame = from_client] {
                                client.send(frame);
                                backend.expect(frame);
                              }),
                  kNearlyEvery);
  const auto downwards =
      kept_within(stage.count(kMessages,
                              [&, &client = client, &backend = backend, &frame = from_backend] {
                                backend.send(frame);
                                client.expect(frame);
                              }),
                  kNearlyEvery);
  WARN(from_backend.size() << " bytes; now to the backend: " << listed(upwards));
  WARN("now to the client: " << listed(downwards));
  CHECK(growth(kMessage, upwards) == "");
  CHECK(growth(kMessage, downwards) == "");
}

TEST_CASE("a session of a new client costs what is recorded, from the handshake to the last close") {
  Stage stage;
  const auto taken = kept_within(stage.count(kRequests, [&] { Stage::end(stage.open()); }), kThreeOfFour);
  WARN("now: " << listed(taken));
  CHECK(growth(both(kSession, kOfNewClient), taken) == "");
}

TEST_CASE("a session of a client with its cookie costs what is recorded") {
  Stage stage;
  Stage::end(stage.open());
  const std::string cookie = cookie_in(stage.last_head);
  const auto taken =
      kept_within(stage.count(kRequests, [&] { Stage::end(stage.open(cookie)); }), kThreeOfFour);
  WARN("now: " << listed(taken));
  CHECK(growth(both(kSession, kOfKnownClient), taken) == "");
}

TEST_CASE("a GET between two kept connections costs what is recorded") {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  Stage stage;
  Stage::end(stage.open());
  const std::string request = kGetPage + cookie_in(stage.last_head) + "\r\n";
  Wire client = Wire::connect(stage.limpet.address());
  client.send(request);
  Wire backend = stage.server.accept();
  const auto serve = [&] {
    static_cast<void>(backend.read_head());
    backend.send(answer);
    static_cast<void>(client.read_head());
    static_cast<void>(client.read(5));
  };
  serve();
  const auto taken = kept_within(stage.count(kRequests,
                                             [&] {
                                               client.send(request);
                                               serve();
                                             }),
                                 kThreeOfFour);
  WARN("now: " << listed(taken));
  CHECK(growth(kGetOfKnownClient, taken) == "");
}

TEST_CASE("growth is told, and what has no row may not be called") {
  CallCounts taken{};
  CHECK(growth(kMessage, taken) == "");
  taken[static_cast<std::size_t>(Counted::recv)] = 2;
  taken[static_cast<std::size_t>(Counted::allocations)] = 1;
  CHECK(growth(kMessage, taken) ==
        "recv grew from 1 to 2; recorded for: " + std::string(kMessage.front().why) +
            "\nallocations grew from 0 to 1\n");
}
