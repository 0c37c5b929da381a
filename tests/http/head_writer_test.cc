#include "http/head_writer.h"

#include <string>
#include <vector>

#include "tests/http/reading.h"
#include "tests/support/catch.h"

using namespace limpet::http;
using limpet::http::testing::read_request;
using limpet::http::testing::read_response;

namespace {

const std::string kStart = "GET /a?b HTTP/1.1\r\nHost: example.com\r\n";

RequestRewrite from_client() {
  return {.forwarded = {.client = "1.2.3.4", .proto = "http", .peer_is_trusted = false}};
}

RequestRewrite from_proxy() {
  return {.forwarded = {.client = "10.0.0.1", .proto = "http", .peer_is_trusted = true}};
}

// What a backend gets; it must parse by our own rules.
std::string rewritten(const std::string& bytes, const RequestRewrite& rewrite) {
  const auto read = read_request(bytes);
  CAPTURE(bytes);
  REQUIRE_FALSE(read.refusal.has_value());
  std::string out;
  append_request_head(out, read.head, rewrite);
  const auto again = read_request(out);
  CAPTURE(out);
  CHECK((read.head.host.empty() || !again.refusal.has_value()));
  return out;
}

std::string rewritten_fields(const std::string& fields, const RequestRewrite& rewrite = from_client()) {
  const std::string out = rewritten(kStart + fields + "\r\n", rewrite);
  REQUIRE(out.starts_with(kStart));
  return out.substr(kStart.size());
}

const std::string kOurs =
    "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: example.com\r\n";

std::string answered(const std::string& bytes, const ResponseRewrite& rewrite, bool to_head = false) {
  const auto read = read_response(bytes, {.to_head_request = to_head});
  CAPTURE(bytes);
  REQUIRE_FALSE(read.refusal.has_value());
  std::string out;
  append_response_head(out, read.head, rewrite);
  CHECK_FALSE(read_response(out, {.to_head_request = to_head}).refusal.has_value());
  return out;
}

struct Case {
  std::string fields;
  std::string expected;
};

}  // namespace

TEST_CASE("fields that are meant for limpet alone do not reach the backend") {
  for (const Case& c : std::vector<Case>{
           {"", kOurs + "\r\n"},
           {"A: b\r\nA:  c \r\n", "A: b\r\nA: c\r\n" + kOurs + "\r\n"},
           {"Connection: close\r\nKeep-Alive: timeout=5\r\n", kOurs + "\r\n"},
           {"Proxy-Connection: keep-alive\r\nTE: trailers\r\n", kOurs + "\r\n"},
           {"Proxy-Authorization: a\r\nProxy-Authenticate: b\r\n", kOurs + "\r\n"},
           {"Proxy: http://evil.example.com\r\n", kOurs + "\r\n"},
           {"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: a\r\n", kOurs + "\r\n"},
           {"Connection: x-a, X-B\r\nX-A: 1\r\nx-b: 2\r\nX-C: 3\r\n", "X-C: 3\r\n" + kOurs + "\r\n"},
           {"Trailer: X\r\nExpect: 100-continue\r\n",
            "Trailer: X\r\nExpect: 100-continue\r\n" + kOurs + "\r\n"},
           {"Transfer_Encoding: chunked\r\nContent_Length: 5\r\n", kOurs + "\r\n"},
       }) {
    CAPTURE(c.fields);
    CHECK(rewritten_fields(c.fields) == c.expected);
  }
}

TEST_CASE("a Connection option cannot remove what routing or authentication rests on") {
  const std::string out = rewritten_fields(
      "Connection: Host, Cookie, Content-Length, Sec-WebSocket-Key, Authorization, X-Forwarded-For, "
      "Set-Cookie\r\n"
      "Cookie: a=b\r\nContent-Length: 0\r\nSec-WebSocket-Key: k\r\nAuthorization: c\r\nSet-Cookie: d\r\n");
  CHECK(out == "Cookie: a=b\r\nSec-WebSocket-Key: k\r\nAuthorization: c\r\nSet-Cookie: d\r\n" + kOurs +
                   "Content-Length: 0\r\n\r\n");
}

TEST_CASE("framing is written anew from what was understood") {
  CHECK(rewritten_fields("Content-Length: 007\r\n") == kOurs + "Content-Length: 7\r\n\r\n");
  CHECK(rewritten_fields("transfer-encoding: CHUNKED\r\n") == kOurs + "Transfer-Encoding: chunked\r\n\r\n");
}

TEST_CASE("what a client says about where it came from is replaced") {
  CHECK(rewritten_fields("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\n"
                         "Forwarded: for=6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\nX-Forwarded-Prefix: /x\r\n"
                         "X-Real-IP: 6.6.6.6\r\nx_real_ip: 6.6.6.6\r\n") == kOurs + "\r\n");
}

TEST_CASE("what a trusted proxy says about the client is continued") {
  const std::string out = rewritten_fields(
      "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: site\r\nForwarded: "
      "for=1.1.1.1\r\n"
      "X-Forwarded-For:\r\nX-Forwarded-For: 2.2.2.2, 3.3.3.3\r\nX-Forwarded-Port: 443\r\n"
      "X_Forwarded_For: 6.6.6.6\r\n",
      from_proxy());
  CHECK(out ==
        "X-Forwarded-For: 1.1.1.1, 2.2.2.2, 3.3.3.3, 10.0.0.1\r\nForwarded: for=1.1.1.1, for=10.0.0.1\r\n"
        "X-Forwarded-Proto: https\r\nX-Forwarded-Host: site\r\nX-Forwarded-Port: 443\r\n\r\n");
}

TEST_CASE("Forwarded of a trusted proxy is continued as one list and never begun") {
  struct Continued {
    std::string fields;
    std::string client;
    std::string expected;
  };
  for (const Continued& c : std::vector<Continued>{
           {"", "10.0.0.1", ""},
           {"Forwarded:\r\n", "10.0.0.1", "Forwarded: for=10.0.0.1\r\n"},
           {"Forwarded: for=1.1.1.1;proto=https\r\nforwarded: for=2.2.2.2\r\n", "10.0.0.1",
            "Forwarded: for=1.1.1.1;proto=https, for=2.2.2.2, for=10.0.0.1\r\n"},
           {"Forwarded: for=1.1.1.1\r\nConnection: forwarded\r\n", "fd00::1",
            "Forwarded: for=1.1.1.1, for=\"[fd00::1]\"\r\n"},
           {"Forwarded: for=1.1.1.1\r\n", "", "Forwarded: for=1.1.1.1, for=unknown\r\n"},
       }) {
    CAPTURE(c.fields, c.client);
    RequestRewrite rewrite = from_proxy();
    rewrite.forwarded.client = c.client;
    CHECK(rewritten_fields(c.fields, rewrite) ==
          "X-Forwarded-For: " + c.client + "\r\n" + c.expected +
              "X-Forwarded-Proto: http\r\nX-Forwarded-Host: example.com\r\n\r\n");
  }
}

TEST_CASE("Forwarded of anybody else does not reach the backend however it is sent") {
  for (const std::string fields :
       {"Forwarded: for=6.6.6.6\r\n", "forwarded: for=6.6.6.6\r\nFORWARDED: for=7.7.7.7\r\n",
        "Forwarded:\r\n", "Forwarded: for=6.6.6.6\r\nConnection: forwarded\r\n"}) {
    CAPTURE(fields);
    CHECK(rewritten_fields(fields) == kOurs + "\r\n");
  }
}

TEST_CASE("what a trusted proxy leaves out is filled in") {
  CHECK(rewritten_fields("", from_proxy()) ==
        "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: example.com\r\n\r\n");
}

TEST_CASE("the port the client came to is told where it is known, and a trusted proxy's word stands") {
  RequestRewrite ours = from_client();
  ours.forwarded.port = 65535;
  CHECK(rewritten_fields("X-Forwarded-Port: 1\r\n", ours) == kOurs + "X-Forwarded-Port: 65535\r\n\r\n");
  RequestRewrite trusting = from_proxy();
  trusting.forwarded.port = 8080;
  CHECK(rewritten_fields("x-forwarded-port: 443\r\nX-Forwarded-Port: 1\r\n", trusting)
            .ends_with("X-Forwarded-Host: example.com\r\nX-Forwarded-Port: 443\r\n\r\n"));
  CHECK(rewritten_fields("X-Forwarded-Port:\r\n", trusting).ends_with("X-Forwarded-Port: 8080\r\n\r\n"));
}

TEST_CASE("Forwarded is begun where it was asked for") {
  struct Begun {
    std::string client;
    std::string beyond;
    std::string host;
    std::string expected;
  };
  for (const Begun& c : std::vector<Begun>{
           {"1.2.3.4", "", "example.com", "for=1.2.3.4;host=example.com;proto=http"},
           {"fd00::1", "", "example.com:8443", "for=\"[fd00::1]\";host=\"example.com:8443\";proto=http"},
           {"", "", "[::1]:80", "for=unknown;host=\"[::1]:80\";proto=http"},
           {"10.0.0.1", "1.2.3.4", "a", "for=1.2.3.4;host=a;proto=http, for=10.0.0.1"},
           {"10.0.0.1", "fd00::1", "a", "for=\"[fd00::1]\";host=a;proto=http, for=10.0.0.1"},
       }) {
    CAPTURE(c.client, c.beyond, c.host);
    RequestRewrite rewrite = from_client();
    rewrite.forwarded.client = c.client;
    rewrite.forwarded.beyond = c.beyond;
    rewrite.forwarded.port = 80;
    rewrite.forwarded.writes_x_forwarded = false;
    rewrite.forwarded.elements = ForwardedElements::Written;
    const std::string start = "GET / HTTP/1.1\r\nHost: " + c.host + "\r\n";
    CHECK(rewritten(start + "Forwarded: for=6.6.6.6\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n", rewrite) ==
          start + "Forwarded: " + c.expected + "\r\n\r\n");
  }
}

TEST_CASE("Forwarded that is written always still continues the list of a trusted proxy, if it is believed") {
  RequestRewrite rewrite = from_proxy();
  rewrite.forwarded.elements = ForwardedElements::Written;
  const std::string fields = "Forwarded: for=1.1.1.1;proto=https\r\nX-Forwarded-Host: site\r\n";
  const auto has = [&](std::string_view element) {
    return rewritten_fields(fields, rewrite).find(element) != std::string::npos;
  };
  CHECK(has("\r\nForwarded: for=1.1.1.1;proto=https, for=10.0.0.1\r\n"));
  rewrite.forwarded.begins_anew = true;
  CHECK(has("\r\nForwarded: for=10.0.0.1;host=site;proto=http\r\n"));
}

TEST_CASE("where nothing is to be told, nothing of where a request came from passes") {
  RequestRewrite rewrite = from_proxy();
  rewrite.forwarded.port = 80;
  rewrite.forwarded.writes_x_forwarded = false;
  rewrite.forwarded.elements = ForwardedElements::Dropped;
  CHECK(rewritten_fields("X-Forwarded-For: 1.1.1.1\r\nForwarded: for=1.1.1.1\r\nX-Forwarded-Prefix: /x\r\n"
                         "X-Real-IP: 1.1.1.1\r\nA: b\r\n",
                         rewrite) == "A: b\r\n\r\n");
}

TEST_CASE("a backend always gets HTTP/1.1 with one Host") {
  const std::string out = rewritten("GET / HTTP/1.0\r\nA: b\r\n\r\n", from_client());
  CHECK(out ==
        "GET / HTTP/1.1\r\nHost: \r\nA: b\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: http\r\n\r\n");
  CHECK(rewritten("GET http://a/b HTTP/1.1\r\nhost: a\r\n\r\n", from_client())
            .starts_with("GET /b HTTP/1.1\r\nHost: a\r\n"));
}

TEST_CASE("the affinity cookie is cut out and all others stay") {
  RequestRewrite rewrite = from_client();
  rewrite.strip_cookie = "limpet";
  for (const Case& c : std::vector<Case>{
           {"Cookie: limpet=x\r\n", kOurs + "\r\n"},
           {"Cookie: a=b; limpet=x; c=d\r\n", "Cookie: a=b; c=d\r\n" + kOurs + "\r\n"},
           {"Cookie: limpet=x; limpet=y\r\nCookie: e=f\r\n", "Cookie: e=f\r\n" + kOurs + "\r\n"},
           {"Cookie: a=b;c=d\r\n", "Cookie: a=b;c=d\r\n" + kOurs + "\r\n"},
           {"Cookie: Limpet=x; limpets=y\r\n", "Cookie: Limpet=x; limpets=y\r\n" + kOurs + "\r\n"},
       }) {
    CAPTURE(c.fields);
    CHECK(rewritten_fields(c.fields, rewrite) == c.expected);
  }
  CHECK(rewritten_fields("Cookie: limpet=x\r\n") == "Cookie: limpet=x\r\n" + kOurs + "\r\n");
}

TEST_CASE("only a request that is to be upgraded carries Upgrade to the backend") {
  RequestRewrite rewrite = from_client();
  const std::string fields = "Connection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: k\r\n";
  CHECK(rewritten_fields(fields, rewrite) == "Sec-WebSocket-Key: k\r\n" + kOurs + "\r\n");
  rewrite.upgrade = true;
  CHECK(rewritten_fields(fields, rewrite) ==
        "Sec-WebSocket-Key: k\r\n" + kOurs + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
}

TEST_CASE("an answer keeps its fields and loses those between limpet and the backend") {
  const std::string bytes =
      "HTTP/1.0 404 Not There\r\nConnection: close, X-A\r\nX-A: 1\r\nKeep-Alive: timeout=5\r\nUpgrade: h2\r\n"
      "Set-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 5\r\n\r\n";
  CHECK(answered(bytes, {.framing = Framing::Length}) ==
        "HTTP/1.1 404 Not There\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 5\r\n\r\n");
}

TEST_CASE("an answer says what happens to the client connection") {
  const std::string bytes = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
  const std::string start = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";
  ResponseRewrite rewrite{.framing = Framing::Length};
  CHECK(answered(bytes, rewrite) == start + "\r\n");
  rewrite.client_version = Version::Http10;
  CHECK(answered(bytes, rewrite) == start + "Connection: keep-alive\r\n\r\n");
  rewrite.connection = ClientConnectionField::Close;
  CHECK(answered(bytes, rewrite) == start + "Connection: close\r\n\r\n");
}

TEST_CASE("a switch of protocols is written with the fields that RFC 6455 asks for") {
  const std::string bytes =
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nconnection: "
      "upgrade\r\nSec-WebSocket-Accept: k\r\n\r\n";
  CHECK(answered(bytes, {.connection = ClientConnectionField::Upgrade, .set_cookie = "limpet=x; Path=/"}) ==
        "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: k\r\nSet-Cookie: limpet=x; Path=/\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
}

TEST_CASE("the framing of an answer is the one that is asked for") {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  CHECK(answered(chunked, {.framing = Framing::Chunked}) == chunked);
  CHECK(answered(chunked, {.connection = ClientConnectionField::Close, .framing = Framing::UntilClose}) ==
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
  CHECK(answered("HTTP/1.1 200 OK\r\n\r\n", {.framing = Framing::Chunked}) == chunked);
}

TEST_CASE("a length without a body is kept where it means something") {
  const std::string length = "Content-Length: 5\r\n\r\n";
  CHECK(answered("HTTP/1.1 200 OK\r\n" + length, {}, true) == "HTTP/1.1 200 OK\r\n" + length);
  CHECK(answered("HTTP/1.1 304 Not Modified\r\n" + length, {}) == "HTTP/1.1 304 Not Modified\r\n" + length);
  CHECK(answered("HTTP/1.1 204 No Content\r\n" + length, {}) == "HTTP/1.1 204 No Content\r\n\r\n");
  CHECK(answered("HTTP/1.1 204 No Content\r\n" + length, {}, true) == "HTTP/1.1 204 No Content\r\n\r\n");
  CHECK(answered("HTTP/1.1 103 Early Hints\r\nLink: a\r\n" + length, {}) ==
        "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n");
}

TEST_CASE("heads are appended behind what is there") {
  const std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const auto read = read_request(bytes);
  std::string out = "before";
  append_request_head(out, read.head, from_client());
  CHECK(out.starts_with("beforeGET / HTTP/1.1\r\n"));
}

TEST_CASE("a request's name is written once, instead of what the sender says") {
  RequestRewrite rewrite = from_proxy();
  rewrite.request_id = "edge-7f3a";
  const std::string out =
      rewritten_fields("X-Request-Id: mine\r\nx_request_id: too\r\nConnection: x-request-id\r\n", rewrite);
  CHECK(out.find("X-Request-Id: edge-7f3a\r\n") != std::string::npos);
  CHECK(out.find("mine") == std::string::npos);
  CHECK(out.find("too") == std::string::npos);
}
