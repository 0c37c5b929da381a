// Chunked bodies of requests on the wire (RFC 9112 7.1): sizes, extensions, data, trailers.

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/wire_case.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::string_literals;

namespace {

constexpr std::string_view kPost = "POST / HTTP/1.1";
constexpr std::string_view kHello = "5\r\nhello\r\n0\r\n\r\n";

std::string chunked(std::string_view body) {
  return from_client({.line = kPost, .fields = kChunked, .body = body});
}

std::string chunked_at_backend(std::string_view body) {
  return to_backend({.line = kPost, .framing = kChunked, .body = body});
}

WireCase passed_body(std::string name, std::string_view body, std::string_view backend_body = kHello) {
  return passed(std::move(name), chunked(body), chunked_at_backend(backend_body));
}

// `partly`: what of the body the backend may have got, at most, when the fault came late.
WireCase refused_body(std::string name, std::string_view body, std::string_view partly = {}) {
  WireCase row = refused(std::move(name), chunked(body), CloseReason::MalformedBody);
  row.partly = chunked_at_backend(partly);
  return row;
}

WireCase refused_size(std::string name, std::string_view size_line) {
  return refused_body(std::move(name), std::string(size_line).append("\r\nhello\r\n0\r\n\r\n"));
}

WireCase refused_trailers(std::string name, std::string_view trailers) {
  return refused_body(std::move(name), "0\r\n"s.append(trailers).append("\r\n"));
}

WireCase passed_trailers(std::string name, std::string_view trailers) {
  const std::string body = "0\r\n"s.append(trailers).append("\r\n");
  return passed_body(std::move(name), body, body);
}

}  // namespace

TEST_CASE("wire: sizes of chunks") {
  run_wire_cases(std::vector<WireCase>{
      passed_body("a chunk passes", kHello),
      passed_body("chunks pass one by one", "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
                  "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"),
      passed_body("no chunk but the last is an empty body", "0\r\n\r\n", "0\r\n\r\n"),
      passed_body("an upper-case digit is written in lower case", "A\r\n0123456789\r\n0\r\n\r\n",
                  "a\r\n0123456789\r\n0\r\n\r\n"),
      passed_body("leading zeros up to 15 digits go", "000000000000005\r\nhello\r\n0\r\n\r\n"),
      refused_size("16 digits are refused", "0000000000000005"),
      {.name = "a size of 15 digits is waited for",
       .turns = {{.client_sends = chunked("fffffffffffffff\r\nab"),
                  .backend_gets = chunked_at_backend("2\r\nab\r\n")},
                 {.client_then = Then::Finishes}},
       .client = ClientSide::Cut,
       .ends = {CloseReason::ClientGone}},
      refused_size("a size of 16 digits is refused", "ffffffffffffffff"),
      refused_size("0x in front is refused", "0x5"),
      refused_size("a plus sign is refused", "+5"),
      refused_size("a minus sign is refused", "-5"),
      refused_size("an empty size is refused", ""),
      refused_size("an extension without a size is refused", ";a=b"),
      refused_size("a space in front is refused", " 5"),
      refused_size("a space behind is refused", "5 "),
      refused_size("a tab behind is refused", "5\t"),
      refused_size("a space inside is refused", "0 5"),
      refused_size("a letter that is no digit is refused", "5g"),
      refused_size("a quoted size is refused", "\"5\""),
      refused_size("a comma behind is refused", "5,"),
      refused_size("a NUL behind is refused", "5\0"s),
      refused_size("a second CR is refused", "5\r"),
      refused_body("a size line ended by LF alone is refused", "5\nhello\r\n0\r\n\r\n"),
      refused_body("a size line ended by CR alone is refused", "5\rhello\r\n0\r\n\r\n"),
      refused_body("a size line ended by LF CR is refused", "5\n\rhello\r\n0\r\n\r\n"),
  });
}

TEST_CASE("wire: extensions of chunks") {
  const auto sized = [](std::string_view line) { return std::string(line).append("\r\nhello\r\n0\r\n\r\n"); };
  run_wire_cases(std::vector<WireCase>{
      passed_body("a name is dropped", sized("5;a")),
      passed_body("a name with a value is dropped", sized("5;a=b")),
      passed_body("several are dropped", sized("5;a=b;c;d=e")),
      passed_body("a quoted value is dropped", sized("5;a=\"b c;d=e\"")),
      passed_body("a quoted value with escapes is dropped", sized("5;a=\"b\\\"c\\\\\"")),
      passed_body("one on the last chunk is dropped", "5\r\nhello\r\n0;a=b\r\n\r\n"),
      passed_body("255 bytes of a name are dropped", sized("5;" + std::string(255, 'n'))),
      refused_size("256 bytes of a name are refused", "5;" + std::string(256, 'n')),
      refused_body("one without an end is refused", "5;" + std::string(10'000, 'n')),
      refused_size("an empty name is refused", "5;"),
      refused_size("two semicolons are refused", "5;;a"),
      refused_size("a value without a name is refused", "5;=b"),
      refused_size("an empty value is refused", "5;a="),
      refused_size("a space behind the semicolon is refused", "5; a"),
      refused_size("a space before the semicolon is refused", "5 ;a"),
      refused_size("a space behind the name is refused", "5;a =b"),
      refused_size("text behind a quoted value is refused", "5;a=\"b\"c"),
      refused_size("an open quoted value is refused", "5;a=\"b"),
      refused_size("a CR LF inside quotes is refused", "5;a=\"\r\n\""),
      refused_size("a CR inside quotes is refused", "5;a=\"\r\""),
      refused_size("an LF inside quotes is refused", "5;a=\"\n\""),
      refused_size("an escaped CR inside quotes is refused", "5;a=\"\\\r\""),
      refused_size("an LF in a name is refused", "5;a\nb"),
      refused_size("an LF behind an extension is refused", "5;a\n"),
      refused_size("a control in quotes is refused", "5;a=\"\x01\""),
  });
}

TEST_CASE("wire: data and end of chunks") {
  constexpr std::string_view kData = "5\r\nhello\r\n";
  run_wire_cases(std::vector<WireCase>{
      refused_body("no CR LF behind the data is refused", "5\r\nhello0\r\n\r\n", kData),
      refused_body("LF alone behind the data is refused", "5\r\nhello\n0\r\n\r\n", kData),
      refused_body("CR alone behind the data is refused", "5\r\nhello\r0\r\n\r\n", kData),
      refused_body("data longer than its size is refused", "5\r\nhello!\r\n0\r\n\r\n", kData),
      refused_body("data shorter than its size is refused", "6\r\nhello\r\n0\r\n\r\n", "6\r\nhello\r\r\n"),
      refused_body("an empty line between chunks is refused", "5\r\nhello\r\n\r\n0\r\n\r\n", kData),
      refused_body("a malformed second chunk is refused", "5\r\nhello\r\nx\r\n\r\n", kData),
      passed_body("the last chunk may have several zeros", "5\r\nhello\r\n000\r\n\r\n"),
      refused_body("a last chunk of 16 zeros is refused", "5\r\nhello\r\n0000000000000000\r\n\r\n", kData),
      refused_body("a last chunk ended by LF alone is refused", "5\r\nhello\r\n0\n\r\n", kData),
      refused_body("a blank line of LF alone is refused", "5\r\nhello\r\n0\r\n\n", kData),
      refused_body("a bare CR behind the last chunk is refused", "5\r\nhello\r\n0\r\n\r\r\n", kData),
      {.name =
           "a chunk that turns out malformed after the backend has some of the body ends both connections",
       .turns = {{.client_sends = chunked(kData), .backend_gets = chunked_at_backend(kData)},
                 {.client_sends = "zz\r\n"}},
       .refusal = CloseReason::MalformedBody},
      {.name = "a body without its last chunk gets no answer",
       .turns = {{.client_sends = chunked(kData), .backend_gets = chunked_at_backend(kData)},
                 {.client_then = Then::Finishes}},
       .client = ClientSide::Cut,
       .ends = {CloseReason::ClientGone}},
      {.name = "a body without its last blank line gets no answer",
       .turns = {{.client_sends = chunked("5\r\nhello\r\n0\r\n"), .backend_gets = chunked_at_backend(kData)},
                 {.client_then = Then::Finishes}},
       .client = ClientSide::Cut,
       .ends = {CloseReason::ClientGone}},
  });
}

TEST_CASE("wire: trailers of requests") {
  constexpr std::size_t kMostBytes = 8192;  // with the blank line
  constexpr int kMostLines = 64;
  const std::string fits = "X-Long: " + std::string(kMostBytes - 12, 't') + "\r\n";
  std::string lines;
  for (int i = 0; i < kMostLines; ++i) {
    lines += "X-" + std::to_string(i) + ": t\r\n";
  }
  run_wire_cases(std::vector<WireCase>{
      passed_trailers("one passes", "X-Sum: abc\r\n"),
      passed_trailers("several pass", "X-Sum: abc\r\nX-Other: \xc3\xa4\r\n"),
      passed_trailers("white space in one passes unchanged", "X-Sum:  a b \r\n"),
      passed_trailers("the most bytes pass", fits),
      refused_trailers("one byte more is refused", "X" + fits),
      passed_trailers("the most lines pass", lines),
      refused_trailers("one line more is refused", lines + "X-Last: t\r\n"),
      refused_trailers("Host is refused", "Host: other.example\r\n"),
      refused_trailers("Content-Length is refused", "Content-Length: 5\r\n"),
      refused_trailers("Transfer-Encoding is refused", "Transfer-Encoding: chunked\r\n"),
      refused_trailers("Transfer_Encoding is refused", "Transfer_Encoding: chunked\r\n"),
      refused_trailers("Authorization is refused", "Authorization: Basic eA==\r\n"),
      refused_trailers("Cookie is refused", "Cookie: a=b\r\n"),
      refused_trailers("Set-Cookie is refused", "Set-Cookie: a=b\r\n"),
      refused_trailers("X-Forwarded-For is refused", "X-Forwarded-For: 10.0.0.1\r\n"),
      refused_trailers("X_Forwarded_For is refused", "x_forwarded_for: 10.0.0.1\r\n"),
      refused_trailers("Forwarded is refused", "Forwarded: for=10.0.0.1\r\n"),
      refused_trailers("X-Real-IP is refused", "X-Real-IP: 10.0.0.1\r\n"),
      refused_trailers("Connection is refused", "Connection: close\r\n"),
      refused_trailers("Upgrade is refused", "Upgrade: websocket\r\n"),
      refused_trailers("Trailer is refused", "Trailer: X-Sum\r\n"),
      refused_trailers("Content-Type is refused", "Content-Type: text/html\r\n"),
      refused_trailers("Sec-WebSocket-Key is refused", "Sec-WebSocket-Key: a\r\n"),
      refused_trailers("a folded one is refused", "X-Sum: a\r\n b\r\n"),
      refused_trailers("one without a colon is refused", "X-Sum\r\n"),
      refused_trailers("a space before the colon is refused", "X-Sum : a\r\n"),
      refused_trailers("an empty name is refused", ": a\r\n"),
      refused_trailers("a control in a value is refused", "X-Sum: \x01\r\n"),
      refused_trailers("LF alone behind one is refused", "X-Sum: a\nX-B: c\r\n"),
      refused_trailers("a request line is refused", "GET / HTTP/1.1\r\n"),
  });
}
