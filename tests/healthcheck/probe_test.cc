#include "healthcheck/probe.h"

#include <sys/resource.h>
#include <unistd.h>

#include <optional>

#include "tests/healthcheck/small_backend.h"
#include "tests/healthcheck/turning.h"
#include "tests/healthcheck/websocket_peer.h"
#include "tests/support/catch.h"

namespace limpet::healthcheck {
namespace {

using testing::RefusingPort;
using testing::SmallBackend;
using testing::WebSocketPeer;
using Outcome = ProbeResult::Outcome;

struct Probing final : ProbeOwner {
  // Runs one probe to its end.
  ProbeResult probe(const SocketAddress& address, settings::ProbeKind kind,
                    Duration timeout = Duration(5000)) {
    settings::Health rule;
    rule.probe = kind;
    rule.timeout = timeout;
    result.reset();
    running = std::make_unique<Probe>(loop, *this);
    running->start(address, *Endpoint::parse("127.0.0.1:80"), rule, send_proxy);
    REQUIRE(testing::turn_until(loop, [this] { return result.has_value(); }));
    return *result;
  }

  void on_probe_done(const ProbeResult& done) override {
    REQUIRE_FALSE(result.has_value());
    result = done;
    loop.bury(std::move(running));
  }

  net::UvLoop loop;
  ProxyVersion send_proxy = ProxyVersion::Off;
  std::unique_ptr<Probe> running;
  std::optional<ProbeResult> result;
};

SmallBackend::Options says(std::string answer, std::size_t step = 65536) {
  return {.respond =
              [answer](std::string& heard) {
                const bool is_whole = heard.find("\r\n\r\n") != std::string::npos;
                heard.clear();
                return is_whole ? answer : std::string();
              },
          .step = step};
}

SmallBackend::Options speaks_websocket(WebSocketPeer& peer, std::size_t step = 65536) {
  return {.respond = [&peer](std::string& heard) { return peer.respond(heard); }, .step = step};
}

TEST_CASE("a tcp probe is good when the backend accepts") {
  Probing test;
  const SmallBackend backend(test.loop, testing::any_loopback_port(), {});
  const ProbeResult result = test.probe(backend.address(), settings::ProbeKind::Tcp);
  CHECK(result.outcome == Outcome::Good);
  CHECK(result.detail == "connected");
}

TEST_CASE("a probe of a backend that speaks the PROXY protocol says first that it is limpet's own") {
  Probing test;
  const auto [version, header] = GENERATE(table<ProxyVersion, std::string>(
      {{ProxyVersion::V1, "PROXY UNKNOWN\r\n"},
       {ProxyVersion::V2, std::string("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16)}}));
  std::string begin;
  const SmallBackend backend(
      test.loop, testing::any_loopback_port(), {.respond = [&begin](std::string& heard) {
        begin = heard;
        const bool is_whole = heard.find("User-Agent") != std::string::npos;
        return is_whole ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" : std::string();
      }});
  test.send_proxy = version;
  CHECK(test.probe(backend.address(), settings::ProbeKind::Http).outcome == Outcome::Good);
  CHECK(begin.starts_with(header + "GET / HTTP/1.1\r\n"));
  begin.clear();
  CHECK(test.probe(backend.address(), settings::ProbeKind::Tcp).outcome == Outcome::Good);
  REQUIRE(testing::turn_until(test.loop, [&begin] { return !begin.empty(); }));
  CHECK(begin == header);
}

TEST_CASE("every kind of probe is bad when the connect is refused") {
  Probing test;
  const RefusingPort port;
  const auto kind =
      GENERATE(settings::ProbeKind::Tcp, settings::ProbeKind::Http, settings::ProbeKind::WebSocket);
  const ProbeResult result = test.probe(port.address(), kind);
  CHECK(result.outcome == Outcome::Bad);
  CHECK(result.detail == "refused");
}

TEST_CASE("a missing unix socket is refused") {
  Probing test;
  const auto missing = SocketAddress::unix_path("/nonexistent/limpet-health.sock");
  CHECK(test.probe(missing, settings::ProbeKind::Tcp).detail == "refused");
}

TEST_CASE("a silent backend fails the probe when its time is over, and not before") {
  Probing test;
  const SmallBackend backend(test.loop, testing::any_loopback_port(), {});
  const auto kind = GENERATE(settings::ProbeKind::Http, settings::ProbeKind::WebSocket);
  const ProbeResult result = test.probe(backend.address(), kind, Duration(120));
  CHECK(result.outcome == Outcome::Bad);
  CHECK(result.detail == "no answer within 120ms");
  CHECK(result.took >= Duration(120));
}

TEST_CASE("an http probe is judged by the status, in one piece and byte by byte") {
  Probing test;
  const auto step = GENERATE(std::size_t{1}, std::size_t{65536});
  const SmallBackend good(test.loop, testing::any_loopback_port(),
                          says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", step));
  const SmallBackend bad(test.loop, testing::any_loopback_port(),
                         says("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", step));
  CHECK(test.probe(good.address(), settings::ProbeKind::Http).outcome == Outcome::Good);
  const ProbeResult result = test.probe(bad.address(), settings::ProbeKind::Http);
  CHECK(result.outcome == Outcome::Bad);
  CHECK(result.detail == "status 500");
}

TEST_CASE("an http probe is bad when the answer is garbage or ends early") {
  Probing test;
  const SmallBackend garbage(test.loop, testing::any_loopback_port(), says("\x15\x03\x01 hello\r\n\r\n"));
  CHECK(test.probe(garbage.address(), settings::ProbeKind::Http).outcome == Outcome::Bad);
  auto half = says("HTTP/1.1 200 OK\r\nConte");
  half.end_after_answer = true;
  const SmallBackend ending(test.loop, testing::any_loopback_port(), half);
  CHECK(test.probe(ending.address(), settings::ProbeKind::Http).detail == "closed without a complete answer");
}

TEST_CASE("a websocket probe shakes hands, pings and closes, in one piece and byte by byte") {
  Probing test;
  const auto step = GENERATE(std::size_t{1}, std::size_t{65536});
  WebSocketPeer peer;
  const SmallBackend backend(test.loop, testing::any_loopback_port(), speaks_websocket(peer, step));
  const ProbeResult result = test.probe(backend.address(), settings::ProbeKind::WebSocket);
  CHECK(result.outcome == Outcome::Good);
  CHECK(result.detail == "pong");
  CHECK(testing::turn_until(test.loop, [&peer] { return peer.heard_close(); }));
  CHECK(peer.everything_was_masked());
}

TEST_CASE("a websocket probe is bad on a wrong accept value and without a pong") {
  Probing test;
  WebSocketPeer liar({.wrong_accept = true});
  const SmallBackend lying(test.loop, testing::any_loopback_port(), speaks_websocket(liar));
  CHECK(test.probe(lying.address(), settings::ProbeKind::WebSocket).detail ==
        "the switch does not fit the handshake");
  WebSocketPeer mute({.no_pong = true});
  const SmallBackend silent(test.loop, testing::any_loopback_port(), speaks_websocket(mute));
  CHECK(test.probe(silent.address(), settings::ProbeKind::WebSocket, Duration(200)).outcome == Outcome::Bad);
  CHECK(mute.heard_ping());
}

TEST_CASE("a probe that is cancelled reports nothing and closes its connection") {
  Probing test;
  const SmallBackend backend(test.loop, testing::any_loopback_port(), {});
  settings::Health rule;
  rule.probe = settings::ProbeKind::Http;
  rule.timeout = Duration(50);
  Probe probe(test.loop, test);
  probe.start(backend.address(), *Endpoint::parse("127.0.0.1:80"), rule);
  REQUIRE(testing::turn_until(test.loop, [&backend] { return backend.accepted() == 1; }));
  probe.cancel();
  const Instant later = test.loop.now() + Duration(200);
  REQUIRE(testing::turn_until(test.loop, [&] { return test.loop.now() > later; }));
  CHECK_FALSE(test.result.has_value());
  CHECK(backend.open() == 0);
}

// Lowers the limit of open files to what is open now.
class NoDescriptorLeft {
 public:
  NoDescriptorLeft() {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const net::Fd lowest_free(::dup(STDIN_FILENO));
    REQUIRE(lowest_free.valid());
    const rlimit none{static_cast<rlim_t>(lowest_free.get()), before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  ~NoDescriptorLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptorLeft(const NoDescriptorLeft&) = delete;
  NoDescriptorLeft& operator=(const NoDescriptorLeft&) = delete;

 private:
  rlimit before_{};
};

TEST_CASE("being out of descriptors is not the backend's failure") {
  Probing test;
  const SmallBackend backend(test.loop, testing::any_loopback_port(), {});
  const NoDescriptorLeft shortage;
  CHECK(test.probe(backend.address(), settings::ProbeKind::Tcp).outcome == Outcome::NotRun);
}

}  // namespace
}  // namespace limpet::healthcheck
