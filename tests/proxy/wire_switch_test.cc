// Answers to upgrades, on the wire (RFC 6455 4.1, 4.2.2): a tunnel opens on a valid 101 alone, and no byte of
// the client reaches the backend before.

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/wire_case.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::string_literals;

namespace {

constexpr std::string_view kHandshake =
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
constexpr std::string_view kOurs = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
constexpr std::string_view kAccept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
constexpr std::string_view kLine = "HTTP/1.1 101 Switching Protocols";

// An upgrade request that offers these (whole field lines), and frames that come with it.
std::string asks(std::string_view offers = {}, std::string_view early = {}) {
  return from_client({.fields = std::string(kOurs).append(kHandshake).append(offers), .body = early});
}

std::string asked(std::string_view offers = {}) {
  return to_backend({.fields = std::string(kHandshake).append(offers), .framing = kOurs});
}

std::string switches(std::string_view fields, std::string_view line = kLine) {
  return std::string(line).append("\r\n").append(fields).append("\r\n");
}

// The backend's 101 is not one: the client gets 502, and the frame it had sent already reached nobody.
WireCase bad_switch(std::string name, std::string backend_sends, std::string_view offers = {}) {
  return {.name = std::move(name),
          .turns = {{.client_sends = asks(offers, "\x81\x80\x01\x02\x03\x04"),
                     .backend_gets = asked(offers),
                     .backend_sends = std::move(backend_sends)}},
          .refusal = CloseReason::BadAnswer};
}

WireCase opens(std::string name, std::string backend_sends, std::string_view client_fields = kAccept,
               std::string_view offers = {}) {
  return {.name = std::move(name),
          .turns = {{.client_sends = asks(offers),
                     .backend_gets = asked(offers),
                     .backend_sends = std::move(backend_sends),
                     .client_gets = to_client({.line = kLine, .fields = client_fields, .connection = kOurs})},
                    {.client_sends = "frames",
                     .backend_gets = "frames",
                     .backend_sends = "bytes",
                     .client_gets = "bytes"}},
          .client = ClientSide::IsTunnel};
}

// Another answer than 101: it passes, and the client's connection is closed behind it.
WireCase answered(std::string name, std::string_view line, std::string_view fields,
                  std::string_view client_fields, std::string_view early = {}) {
  return {.name = std::move(name),
          .turns = {{.client_sends = asks({}, early),
                     .backend_gets = asked(),
                     .backend_sends = std::string(line).append("\r\n").append(fields).append(
                         "Content-Length: 2\r\n\r\nno"),
                     .client_gets = to_client({.line = line,
                                               .fields = client_fields,
                                               .framing = "Content-Length: 2\r\n",
                                               .connection = kClose,
                                               .body = "no"})}},
          .client = ClientSide::Closed,
          .backend = BackendSide::Kept};
}

std::string with_accept(std::string_view value) {
  return std::string(kOurs).append("Sec-WebSocket-Accept: ").append(value).append("\r\n");
}

}  // namespace

TEST_CASE("wire: a valid 101 opens the tunnel") {
  const std::string plain = std::string(kOurs).append(kAccept);
  const std::string chosen = "Sec-WebSocket-Protocol: b\r\n";
  run_wire_cases(std::vector<WireCase>{
      opens("the usual 101 opens", switches(plain)),
      opens("names and words may be in another case",
            switches(std::string("connection: UPGRADE\r\nupgrade: WebSocket\r\n").append(kAccept))),
      opens(
          "Connection may name more",
          switches(std::string("Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n").append(kAccept))),
      opens("other fields pass", switches(plain + "Server: s\r\n"),
            std::string(kAccept).append("Server: s\r\n")),
      opens("an offered subprotocol passes", switches(plain + chosen), std::string(kAccept).append(chosen),
            "Sec-WebSocket-Protocol: a, b\r\n"),
      opens("a subprotocol offered in a second field passes", switches(plain + chosen),
            std::string(kAccept).append(chosen),
            "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n"),
      opens("an offered extension passes",
            switches(plain + "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
            std::string(kAccept).append("Sec-WebSocket-Extensions: permessage-deflate\r\n"),
            "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
      {.name = "a 103 may come before",
       .turns = {{.client_sends = asks(),
                  .backend_gets = asked(),
                  .backend_sends = "HTTP/1.1 103 Early Hints\r\n\r\n" + switches(plain),
                  .client_gets = "HTTP/1.1 103 Early Hints\r\n\r\n" +
                                 to_client({.line = kLine, .fields = kAccept, .connection = kOurs})}},
       .client = ClientSide::IsTunnel},
      {.name = "frames that came early reach the backend behind the 101, in order",
       .turns = {{.client_sends = asks({}, "early "), .backend_gets = asked()},
                 {.client_sends = "and later",
                  .backend_sends = switches(plain) + "greeting",
                  .client_gets =
                      to_client({.line = kLine, .fields = kAccept, .connection = kOurs}) + "greeting"},
                 {.client_sends = "!", .backend_gets = "early and later!"}},
       .client = ClientSide::IsTunnel},
      {.name = "a request behind an accepted upgrade is bytes of the tunnel",
       .turns = {{.client_sends = asks({}, from_client({})), .backend_gets = asked()},
                 {.backend_sends = switches(plain),
                  .client_gets = to_client({.line = kLine, .fields = kAccept, .connection = kOurs})},
                 {.backend_gets = from_client({})}},
       .client = ClientSide::IsTunnel},
  });
}

TEST_CASE("wire: an invalid 101 opens nothing") {
  const std::string plain = std::string(kOurs).append(kAccept);
  run_wire_cases(std::vector<WireCase>{
      bad_switch("a wrong Accept is a bad answer", switches(with_accept("AAAAAAAAAAAAAAAAAAAAAAAAAAA="))),
      bad_switch("the Accept of another case is a bad answer",
                 switches(with_accept("S3pPLMBiTxaQ9kYGzzhZRbK+xOo="))),
      bad_switch("the key as Accept is a bad answer", switches(with_accept("dGhlIHNhbXBsZSBub25jZQ=="))),
      bad_switch("an Accept with more behind it is a bad answer",
                 switches(with_accept("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=x"))),
      bad_switch("an empty Accept is a bad answer", switches(with_accept(""))),
      bad_switch("a missing Accept is a bad answer", switches(kOurs)),
      bad_switch("two Accepts are a bad answer", switches(plain + std::string(kAccept))),
      bad_switch("a missing Upgrade is a bad answer", switches("Connection: Upgrade\r\n"s.append(kAccept))),
      bad_switch("another Upgrade is a bad answer",
                 switches("Connection: Upgrade\r\nUpgrade: h2c\r\n"s.append(kAccept))),
      bad_switch("two protocols in Upgrade are a bad answer",
                 switches("Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n"s.append(kAccept))),
      bad_switch("two Upgrades are a bad answer", switches(plain + "Upgrade: websocket\r\n")),
      bad_switch("a missing Connection is a bad answer", switches("Upgrade: websocket\r\n"s.append(kAccept))),
      bad_switch("another Connection is a bad answer",
                 switches("Connection: keep-alive\r\nUpgrade: websocket\r\n"s.append(kAccept))),
      bad_switch("a 101 of HTTP/1.0 is a bad answer", switches(plain, "HTTP/1.0 101 Switching Protocols")),
      bad_switch("a 101 of HTTP/2 is a bad answer", switches(plain, "HTTP/2 101 Switching Protocols")),
      bad_switch("a length is a bad answer", switches(plain + "Content-Length: 0\r\n")),
      bad_switch("chunks are a bad answer", switches(plain + std::string(kChunked))),
      bad_switch("a folded Accept is a bad answer",
                 switches(std::string(kOurs) + "Sec-WebSocket-Accept:\r\n s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")),
      bad_switch(
          "LF alone is a bad answer",
          "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade\n"s.append(kAccept)
              .append("\n")),
      bad_switch("an extension that nobody offered is a bad answer",
                 switches(plain + "Sec-WebSocket-Extensions: permessage-deflate\r\n")),
      bad_switch("another extension than the one offered is a bad answer",
                 switches(plain + "Sec-WebSocket-Extensions: permessage-deflate, x-a\r\n"),
                 "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"),
      bad_switch("a subprotocol that nobody offered is a bad answer",
                 switches(plain + "Sec-WebSocket-Protocol: c\r\n"), "Sec-WebSocket-Protocol: a, b\r\n"),
      bad_switch("a subprotocol without any offer is a bad answer",
                 switches(plain + "Sec-WebSocket-Protocol: a\r\n")),
      bad_switch("a subprotocol in another case is a bad answer",
                 switches(plain + "Sec-WebSocket-Protocol: A\r\n"), "Sec-WebSocket-Protocol: a\r\n"),
      bad_switch("two subprotocols are a bad answer", switches(plain + "Sec-WebSocket-Protocol: a, b\r\n"),
                 "Sec-WebSocket-Protocol: a, b\r\n"),
      bad_switch("an empty subprotocol is a bad answer", switches(plain + "Sec-WebSocket-Protocol:\r\n"),
                 "Sec-WebSocket-Protocol: a\r\n"),
  });
}

TEST_CASE("wire: another answer than 101 is an ordinary one and ends the connection") {
  const std::string smuggled = from_client({.line = "GET /smuggled HTTP/1.1"});
  run_wire_cases(std::vector<WireCase>{
      answered("a 200 passes", "HTTP/1.1 200 OK", "", ""),
      answered("a 400 passes", "HTTP/1.1 400 Bad Request", "", ""),
      answered("a 401 passes with its challenge", "HTTP/1.1 401 Unauthorized", "WWW-Authenticate: Basic\r\n",
               "WWW-Authenticate: Basic\r\n"),
      answered("a 426 passes without its hop-by-hop fields", "HTTP/1.1 426 Upgrade Required",
               "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n",
               "Sec-WebSocket-Version: 13\r\n"),
      answered("a 200 that says Upgrade opens nothing", "HTTP/1.1 200 OK", std::string(kOurs).append(kAccept),
               kAccept),
      answered("frames sent early reach nobody", "HTTP/1.1 403 Forbidden", "", "",
               "\x81\x80\x01\x02\x03\x04"),
      answered("a request sent early is none", "HTTP/1.1 403 Forbidden", "", "", smuggled),
      {.name = "a request sent behind the refusal's head is none",
       .turns = {{.client_sends = asks(),
                  .backend_gets = asked(),
                  .backend_sends = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nn",
                  .client_gets = to_client({.line = "HTTP/1.1 403 Forbidden",
                                            .framing = "Content-Length: 2\r\n",
                                            .connection = kClose,
                                            .body = "n"})},
                 {.client_sends = smuggled, .backend_sends = "o", .client_gets = "o"}},
       .client = ClientSide::Closed},
      {.name = "a backend that closes without a word is a cut answer",
       .turns =
           {{.client_sends = asks({}, "early"), .backend_gets = asked(), .backend_then = Then::Finishes}},
       .refusal = CloseReason::BackendCut},
      {.name = "a bad answer that is no 101 is one too",
       .turns = {{.client_sends = asks({}, "early"),
                  .backend_gets = asked(),
                  .backend_sends = "HTTP/1.1 2000 OK\r\n\r\n"}},
       .refusal = CloseReason::BadAnswer},
  });
}
