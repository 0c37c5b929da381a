// Heads of backends' answers on the wire: what is malformed is never passed on, and that connection to the
// backend is closed.

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/wire_case.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::string_literals;

namespace {

constexpr std::string_view kLengthTwo = "Content-Length: 2\r\n";

WireCase bad_line(std::string name, std::string_view line) {
  return bad_answer(std::move(name), std::string(line).append("\r\nContent-Length: 2\r\n\r\nok"));
}

WireCase bad_fields(std::string name, std::string_view fields) {
  return bad_answer(std::move(name), "HTTP/1.1 200 OK\r\n"s.append(fields).append("\r\nok"));
}

// The rest of the answer is Content-Length: 2 and "ok".
WireCase passed_fields(std::string name, std::string_view line, std::string_view fields,
                       std::string_view client_line, std::string_view client_fields) {
  return {
      .name = std::move(name),
      .turns = {{.client_sends = from_client({}),
                 .backend_gets = to_backend({}),
                 .backend_sends =
                     std::string(line).append("\r\n").append(fields).append(kLengthTwo).append("\r\nok"),
                 .client_gets = to_client(
                     {.line = client_line, .fields = client_fields, .framing = kLengthTwo, .body = "ok"})}}};
}

WireCase passed_line(std::string name, std::string_view line) {
  return passed_fields(std::move(name), line, "", line, "");
}

WireCase fields_to_client(std::string name, std::string_view fields, std::string_view client_fields) {
  return passed_fields(std::move(name), "HTTP/1.1 200 OK", fields, "HTTP/1.1 200 OK", client_fields);
}

}  // namespace

TEST_CASE("wire: status lines") {
  run_wire_cases(std::vector<WireCase>{
      passed_line("an unknown status passes", "HTTP/1.1 299 Strange"),
      passed_line("status 599 passes", "HTTP/1.1 599 Last"),
      passed_line("an empty phrase passes", "HTTP/1.1 200 "),
      passed_line("a phrase beyond ASCII passes", "HTTP/1.1 200 \xc3\xa4\tb"),
      passed_fields("a line without the second space gets one", "HTTP/1.1 200", "", "HTTP/1.1 200 ", ""),
      bad_line("status 99 is a bad answer", "HTTP/1.1 99 Low"),
      bad_line("status 099 is a bad answer", "HTTP/1.1 099 Low"),
      bad_line("status 600 is a bad answer", "HTTP/1.1 600 High"),
      bad_line("status 1000 is a bad answer", "HTTP/1.1 1000 High"),
      bad_line("status 20 is a bad answer", "HTTP/1.1 20 OK"),
      bad_line("a signed status is a bad answer", "HTTP/1.1 +20 OK"),
      bad_line("a status of letters is a bad answer", "HTTP/1.1 2x0 OK"),
      bad_line("no status is a bad answer", "HTTP/1.1 OK"),
      bad_line("two spaces are a bad answer", "HTTP/1.1  200 OK"),
      bad_line("a tab is a bad answer", "HTTP/1.1\t200 OK"),
      bad_line("a leading space is a bad answer", " HTTP/1.1 200 OK"),
      bad_line("HTTP/2 is a bad answer", "HTTP/2 200 OK"),
      bad_line("HTTP/2.0 is a bad answer", "HTTP/2.0 200 OK"),
      bad_line("HTTP/1.2 is a bad answer", "HTTP/1.2 200 OK"),
      bad_line("HTTP/0.9 is a bad answer", "HTTP/0.9 200 OK"),
      bad_line("http/1.1 in lower case is a bad answer", "http/1.1 200 OK"),
      bad_line("ICY is a bad answer", "ICY 200 OK"),
      bad_line("RTSP is a bad answer", "RTSP/1.0 200 OK"),
      bad_line("a control in the phrase is a bad answer", "HTTP/1.1 200 O\x01K"),
      bad_line("a NUL in the phrase is a bad answer", "HTTP/1.1 200 O\0K"s),
      bad_line("a bare CR in the phrase is a bad answer", "HTTP/1.1 200 O\rK"),
      bad_line("two empty lines in front are a bad answer", "\r\n\r\nHTTP/1.1 200 OK"),
      bad_line("an empty line in front is a bad answer", "\r\nHTTP/1.1 200 OK"),
      bad_answer("LF alone behind the status line is a bad answer",
                 "HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok"),
      bad_answer("a page without a head is a bad answer", "<html>\r\n\r\n</html>"),
      bad_answer("a request is a bad answer", from_client({})),
      {.name = "an HTTP/1.0 answer passes as HTTP/1.1 and its connection is not used again",
       .turns = {{.client_sends = from_client({}),
                  .backend_gets = to_backend({}),
                  .backend_sends = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
                  .client_gets = ok_to_client()}},
       .backend = BackendSide::Closed},
      {.name = "an HTTP/1.0 answer with keep-alive keeps the connection",
       .turns = {{.client_sends = from_client({}),
                  .backend_gets = to_backend({}),
                  .backend_sends = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
                  .client_gets = ok_to_client()}}},
      {.name = "a HEAD gets a 502 without a body",
       .turns = {{.client_sends = from_client({.line = "HEAD / HTTP/1.1"}),
                  .backend_gets = to_backend({.line = "HEAD / HTTP/1.1"}),
                  .backend_sends = "HTTP/2 200 OK\r\n\r\n"}},
       .refusal = CloseReason::BadAnswer,
       .to_head_request = true},
  });
}

TEST_CASE("wire: lines of an answer's head") {
  run_wire_cases(std::vector<WireCase>{
      bad_fields("folding is a bad answer", "X-Long: a\r\n b\r\nContent-Length: 2\r\n"),
      bad_fields("folding with a tab is a bad answer", "Content-Length: 2\r\nX-Long: a\r\n\tb\r\n"),
      bad_fields("folding of the first line is a bad answer", " X: a\r\nContent-Length: 2\r\n"),
      bad_fields("LF alone behind a field is a bad answer", "X-A: b\nContent-Length: 2\r\n"),
      bad_fields("LF alone as the blank line is a bad answer", "Content-Length: 2\r\n\n"),
      bad_fields("a bare CR in a value is a bad answer", "X-A: b\rX-B: c\r\nContent-Length: 2\r\n"),
      bad_fields("a NUL in a value is a bad answer", "X-A: b\0\r\nContent-Length: 2\r\n"s),
      bad_fields("a control in a value is a bad answer", "X-A: \x1b\r\nContent-Length: 2\r\n"),
      bad_fields("a space before the colon is a bad answer", "X-A : b\r\nContent-Length: 2\r\n"),
      bad_fields("an empty name is a bad answer", ": b\r\nContent-Length: 2\r\n"),
      bad_fields("a line without a colon is a bad answer", "X-A\r\nContent-Length: 2\r\n"),
      bad_fields("a name that is no token is a bad answer", "X(A): b\r\nContent-Length: 2\r\n"),
  });
}

TEST_CASE("wire: the size of an answer's head") {
  constexpr std::size_t kHeadBytes = 512;
  constexpr std::uint32_t kMostFields = 8;
  const std::size_t bare = std::string_view("HTTP/1.1 200 OK\r\nX-Pad: \r\nContent-Length: 2\r\n\r\n").size();
  const std::string fits = "X-Pad: " + std::string(kHeadBytes - bare, 'p') + "\r\n";
  const std::string too_big = "X-Pad: p" + std::string(kHeadBytes - bare, 'p') + "\r\n";
  std::string many;  // with Content-Length
  for (std::uint32_t i = 1; i < kMostFields; ++i) {
    many += "X-" + std::to_string(i) + ": v\r\n";
  }
  run_wire_cases(
      std::vector<WireCase>{
          fields_to_client("a head of exactly head_bytes passes", fits, fits),
          bad_fields("a head of one byte more is a bad answer", too_big + std::string(kLengthTwo)),
          bad_answer("a head without an end is a bad answer",
                     "HTTP/1.1 200 OK\r\nX-Pad: " + std::string(kHeadBytes, 'p')),
          fields_to_client("exactly the most fields pass", many, many),
          bad_fields("one field more is a bad answer", many + "X-Last: v\r\n" + std::string(kLengthTwo)),
      },
      {.adjust = [](proxy::Snapshot& snapshot) {
        snapshot.limits.head_bytes = kHeadBytes;
        snapshot.limits.headers = kMostFields;
      }});
}

TEST_CASE("wire: fields of an answer") {
  run_wire_cases(std::vector<WireCase>{
      fields_to_client("ordinary fields pass in their order", "X-A: 1\r\nServer: s\r\nx-a: 2\r\n",
                       "X-A: 1\r\nServer: s\r\nx-a: 2\r\n"),
      fields_to_client("cookies of the backend pass next to the affinity cookie",
                       "Set-Cookie: a=b; Path=/\r\nSet-Cookie: c=d\r\n",
                       "Set-Cookie: a=b; Path=/\r\nSet-Cookie: c=d\r\n"),
      fields_to_client("a cookie of the backend under the name of the affinity cookie is overruled by it",
                       "Set-Cookie: limpet=mine\r\n", "Set-Cookie: limpet=mine\r\n"),
      fields_to_client("WWW-Authenticate passes", "WWW-Authenticate: Basic\r\n",
                       "WWW-Authenticate: Basic\r\n"),
      fields_to_client("Keep-Alive goes no further", "Keep-Alive: timeout=60\r\n", ""),
      fields_to_client("Proxy-Connection goes no further", "Proxy-Connection: keep-alive\r\n", ""),
      fields_to_client("Upgrade goes no further", "Upgrade: h2c\r\nConnection: Upgrade\r\n", ""),
      fields_to_client("an Upgrade without Connection goes no further", "Upgrade: websocket\r\n", ""),
      fields_to_client("what Connection names goes no further",
                       "X-Hop: 1\r\nConnection: X-Hop\r\nX-End: 2\r\n", "X-End: 2\r\n"),
      fields_to_client("a Connection that names Set-Cookie does not remove it",
                       "Set-Cookie: a=b\r\nConnection: Set-Cookie\r\n", "Set-Cookie: a=b\r\n"),
      fields_to_client("a Connection that names Content-Length does not remove it",
                       "Connection: Content-Length\r\n", ""),
      {.name = "Connection: close of the backend closes that connection and not the client's",
       .turns = {{.client_sends = from_client({}),
                  .backend_gets = to_backend({}),
                  .backend_sends = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
                  .client_gets = ok_to_client()}},
       .backend = BackendSide::Closed},
      {.name = "a Keep-Alive of one second is not relied on",
       .turns = {{.client_sends = from_client({}),
                  .backend_gets = to_backend({}),
                  .backend_sends = "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok",
                  .client_gets = ok_to_client()}},
       .backend = BackendSide::Closed},
  });
}

TEST_CASE("wire: interim answers") {
  const auto times = [](int count, std::string_view text) {
    std::string out;
    for (int i = 0; i < count; ++i) {
      out += text;
    }
    return out;
  };
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  constexpr std::string_view kHints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  const auto answered = [](std::string name, const std::string& interims, std::string interims_at_client) {
    return WireCase{.name = std::move(name),
                    .turns = {{.client_sends = from_client({}),
                               .backend_gets = to_backend({}),
                               .backend_sends = interims + std::string(kOk),
                               .client_gets = std::move(interims_at_client) + ok_to_client()}}};
  };
  constexpr int kMost = 16;
  run_wire_cases(std::vector<WireCase>{
      answered("a 100 that nobody asked for passes", std::string(kContinue), std::string(kContinue)),
      answered("a 103 passes with its fields", std::string(kHints), std::string(kHints)),
      answered("hop-by-hop fields of a 103 go no further",
               "HTTP/1.1 103 Early Hints\r\nConnection: X-Hop\r\nX-Hop: 1\r\nLink: </a>\r\n\r\n",
               std::string(kHints)),
      answered("the length that a 100 claims is not passed on",
               "HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n", std::string(kContinue)),
      answered("the most interims pass", times(kMost, kContinue), times(kMost, kContinue)),
      {.name = "one interim more is a bad answer",
       .turns = {{.client_sends = from_client({}),
                  .backend_gets = to_backend({}),
                  .backend_sends = times(kMost + 1, kContinue) + std::string(kOk),
                  .client_gets = times(kMost, kContinue)}},
       .refusal = CloseReason::BadAnswer},
      {.name = "interims behind which the backend closes are a cut answer",
       .turns = {{.client_sends = from_client({}),
                  .backend_gets = to_backend({}),
                  .backend_sends = std::string(kHints),
                  .backend_then = Then::Finishes,
                  .client_gets = std::string(kHints)}},
       .refusal = CloseReason::BackendCut},
      {.name = "an HTTP/1.0 client gets no interims",
       .turns = {{.client_sends = from_client({.line = "GET / HTTP/1.0"}),
                  .backend_gets = to_backend({}),
                  .backend_sends = std::string(kContinue) + std::string(kHints) + std::string(kOk),
                  .client_gets = ok_to_client(kClose)}},
       .client = ClientSide::Closed},
      bad_answer("a 101 that nobody asked for is a bad answer", "HTTP/1.1 101 Switching Protocols\r\n\r\n"),
      bad_answer("a whole 101 that nobody asked for is a bad answer", std::string(kSwitch)),
      bad_answer("a malformed interim is a bad answer",
                 "HTTP/1.1 100 Continue\r\n folded\r\n\r\n" + std::string(kOk)),
  });
}
