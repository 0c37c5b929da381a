#include "net/proxy_header_wait.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "net/timer.h"
#include "tests/net/proxy_headers.h"
#include "tests/support/catch.h"

using namespace limpet;
using namespace limpet::net;
using namespace limpet::test;
using namespace std::chrono_literals;

namespace {

using How = ProxyHeaderAnswer::How;
const std::string kLine = "PROXY TCP4 192.0.2.1 198.51.100.2 4660 443\r\n";
const std::string kHello = "\x16\x03\x01 what comes next";

// One accepted socket, and the proxy at its other end.
struct Rig final : ProxyHeaderOwner {
  UvLoop loop;
  Fd proxy;
  std::optional<ProxyHeaderWait> wait;
  std::optional<ProxyHeaderAnswer> answered;
  int answers = 0;

  Rig() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    proxy = Fd(ends[0]);
    REQUIRE(::fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
    wait.emplace(loop, Fd(ends[1]), *this);
  }
  void on_proxy_header(const ProxyHeaderAnswer& answer) override {
    answered = answer;
    ++answers;
  }

  void say(std::string_view bytes) {
    REQUIRE(::send(proxy.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  }
  void start(Duration patience = 10s) { wait->start(loop.now() + patience); }
  // Turns the loop for a while: what there is to hear has been heard then.
  void turn() {
    for (int i = 0; i < 3; ++i) {
      loop.turn();
    }
  }
  [[nodiscard]] How how() {
    const Instant deadline = loop.now() + 10s;
    while (!answered && loop.now() < deadline) {
      loop.turn();
    }
    REQUIRE(answers == 1);
    return answered->how;
  }
  [[nodiscard]] std::string behind_header() {
    const Fd socket = wait->take_socket();
    std::string bytes(4096, '\0');
    const ssize_t count = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }
};

}  // namespace

TEST_CASE("what follows a PROXY header stays in the socket") {
  const std::string header =
      GENERATE(as<std::string>{}, kLine, v2_header({.payload = kV4Ends}), with_checksum(kV4Ends),
               v2_header({.payload = kV4Ends + tlv(0xee, std::string(4000, 'x'))}));
  const bool is_early = GENERATE(true, false);
  Rig rig;
  if (is_early) {
    rig.say(header + kHello);
    rig.start();
    CHECK(rig.answers == 1);  // without a turn of the loop
  } else {
    rig.start();
    rig.turn();
    CHECK(rig.answers == 0);
    rig.say(header + kHello);
  }
  CHECK(rig.how() == How::Whole);
  CHECK(rig.answered->header.ends->source.to_string() == "192.0.2.1:4660");
  CHECK(rig.behind_header() == kHello);
}

TEST_CASE("a PROXY header may come byte by byte") {
  const std::string header = GENERATE(as<std::string>{}, kLine, with_checksum(kV4Ends));
  Rig rig;
  rig.start();
  for (std::size_t i = 0; i + 1 < header.size(); ++i) {
    rig.say(header.substr(i, 1));
    rig.loop.turn();
  }
  rig.turn();
  CHECK(rig.answers == 0);
  rig.say(header.substr(header.size() - 1) + kHello);
  CHECK(rig.how() == How::Whole);
  CHECK(rig.behind_header() == kHello);
}

TEST_CASE("a part of a PROXY header does not keep the loop awake") {
  Rig rig;
  rig.say("PROXY TCP4 ");
  rig.start();
  rig.turn();
  const std::uint64_t before = rig.loop.turns();
  Timer end(rig.loop, 300ms, [&rig] { rig.loop.stop(); });
  rig.loop.run();
  CHECK(rig.loop.turns() - before < 50);  // its tick, and no more
  CHECK(rig.answers == 0);
}

TEST_CASE("a connection that begins with anything else is malformed at once") {
  Rig rig;
  rig.say("GET / HTTP/1.1\r\n");
  rig.start();
  CHECK(rig.how() == How::Malformed);
  CHECK(std::string_view(rig.answered->fault) != "");
}

TEST_CASE("a fault behind a begin that was right is found") {
  Rig rig;
  rig.start();
  rig.say("PROXY TCP4 ");
  rig.turn();
  rig.say("nonsense\r\n");
  CHECK(rig.how() == How::Malformed);
}

TEST_CASE("a proxy that ends the connection is told from one that cuts its header") {
  const std::string begin = GENERATE(as<std::string>{}, "", "PROXY");
  Rig rig;
  rig.say(begin);
  rig.start();
  rig.turn();
  rig.proxy.reset();
  CHECK(rig.how() == (begin.empty() ? How::Closed : How::Cut));
}

TEST_CASE("a PROXY header is not awaited longer than it may take") {
  Rig rig;
  rig.start(100ms);
  rig.say("PROXY ");
  CHECK(rig.how() == How::Late);
}

TEST_CASE("a wait that is cancelled answers nothing") {
  Rig rig;
  rig.start(50ms);
  rig.say(kLine);
  rig.wait->cancel();
  Timer end(rig.loop, 200ms, [&rig] { rig.loop.stop(); });
  rig.loop.run();
  CHECK(rig.answers == 0);
}
