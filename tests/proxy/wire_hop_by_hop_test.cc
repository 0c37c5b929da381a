// Connection options of requests, on the wire (RFC 9110 7.6.1): they remove what is meant for the next hop,
// and nothing that routing, framing or authentication rests on.

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/wire_case.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::string_literals;

namespace {

constexpr std::string_view kPost = "POST / HTTP/1.1";

WireCase fields_to_backend(std::string name, std::string_view fields, std::string_view backend_fields) {
  return passed(std::move(name), from_client({.fields = fields}), to_backend({.fields = backend_fields}));
}

// A Connection field with so many options.
std::string options(int count) {
  std::string value;
  for (int i = 0; i < count; ++i) {
    value += (i == 0 ? "x-" : ",x-") + std::to_string(i);
  }
  return "Connection: " + value + "\r\n";
}

}  // namespace

TEST_CASE("wire: Connection removes what it names") {
  run_wire_cases(std::vector<WireCase>{
      fields_to_backend("a named field goes", "X-Foo: 1\r\nConnection: X-Foo\r\nX-End: 2\r\n",
                        "X-End: 2\r\n"),
      fields_to_backend("a named field goes wherever Connection stands", "Connection: X-Foo\r\nX-Foo: 1\r\n",
                        ""),
      fields_to_backend("case does not matter", "X-Foo: 1\r\nConnection: x-fOO\r\n", ""),
      fields_to_backend("every field of that name goes", "X-Foo: 1\r\nConnection: X-Foo\r\nx-foo: 2\r\n", ""),
      fields_to_backend("several named fields go", "X-A: 1\r\nX-B: 2\r\nX-C: 3\r\nConnection: X-A , X-C\r\n",
                        "X-B: 2\r\n"),
      fields_to_backend("fields named by a second Connection go",
                        "X-A: 1\r\nConnection: X-B\r\nConnection: X-A\r\n", ""),
      fields_to_backend("fields named beside keep-alive go", "X-A: 1\r\nConnection: keep-alive, X-A\r\n", ""),
      fields_to_backend("fields named beside empty elements go", "X-A: 1\r\nConnection: ,, X-A,\r\n", ""),
      fields_to_backend("a part of a name removes nothing",
                        "X-Foo: 1\r\nConnection: X-Fo, X-Foo-Bar, Foo\r\n", "X-Foo: 1\r\n"),
      fields_to_backend("an underscore is not a hyphen here", "X-Foo: 1\r\nConnection: X_Foo\r\n",
                        "X-Foo: 1\r\n"),
      fields_to_backend("a name in quotes removes nothing", "X-Foo: 1\r\nConnection: \"X-Foo\"\r\n",
                        "X-Foo: 1\r\n"),
      fields_to_backend("a Connection that names itself is no more than that",
                        "Connection: Connection\r\nX-A: 1\r\n", "X-A: 1\r\n"),
      fields_to_backend("an empty Connection removes nothing", "Connection:\r\nX-A: 1\r\n", "X-A: 1\r\n"),
      fields_to_backend("the most options are read", options(31) + "Connection: x-a\r\nX-A: 1\r\n", ""),
      refused("one option more is refused", from_client({.fields = options(33)})),
      {.name = "close beside a name closes and removes",
       .turns = {{.client_sends = from_client({.fields = "X-A: 1\r\nConnection: X-A, close\r\n"}),
                  .backend_gets = to_backend({}),
                  .backend_sends = std::string(kOk),
                  .client_gets = ok_to_client(kClose)}},
       .client = ClientSide::Closed},
      {.name = "close beside keep-alive closes",
       .turns = {{.client_sends = from_client({.fields = "Connection: keep-alive, CLOSE\r\n"}),
                  .backend_gets = to_backend({}),
                  .backend_sends = std::string(kOk),
                  .client_gets = ok_to_client(kClose)}},
       .client = ClientSide::Closed},
  });
}

TEST_CASE("wire: what Connection cannot remove") {
  run_wire_cases(std::vector<WireCase>{
      fields_to_backend("Host stays", "Connection: Host\r\n", ""),
      fields_to_backend("Cookie stays", "Cookie: a=b\r\nConnection: Cookie\r\n", "Cookie: a=b\r\n"),
      fields_to_backend("Origin stays", "Origin: http://a\r\nConnection: Origin\r\n", "Origin: http://a\r\n"),
      fields_to_backend("Authorization stays", "Authorization: Basic eA==\r\nConnection: authorization\r\n",
                        "Authorization: Basic eA==\r\n"),
      fields_to_backend("Sec-WebSocket-Key stays",
                        "Sec-WebSocket-Key: a\r\nConnection: Sec-WebSocket-Key\r\n",
                        "Sec-WebSocket-Key: a\r\n"),
      fields_to_backend("X-Forwarded-For, -Proto and -Host of ours stay",
                        "Connection: X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host\r\n", ""),
      fields_to_backend("X-Forwarded-For of the client is replaced, not removed",
                        "X-Forwarded-For: 10.0.0.1\r\nConnection: X-Forwarded-For\r\n", ""),
      passed("Content-Length stays",
             from_client({.line = kPost,
                          .fields = "Content-Length: 5\r\nConnection: Content-Length\r\n",
                          .body = "hello"}),
             to_backend({.line = kPost, .framing = "Content-Length: 5\r\n", .body = "hello"})),
      passed("Transfer-Encoding stays",
             from_client({.line = kPost,
                          .fields = "Transfer-Encoding: chunked\r\nConnection: Transfer-Encoding\r\n",
                          .body = "5\r\nhello\r\n0\r\n\r\n"}),
             to_backend({.line = kPost, .framing = kChunked, .body = "5\r\nhello\r\n0\r\n\r\n"})),
  });
}

TEST_CASE("wire: the affinity cookie goes no further") {
  const auto cookie = [](std::string name, std::string_view value, std::string_view backend_fields) {
    return fields_to_backend(std::move(name), "Cookie: "s.append(value).append("\r\n"), backend_fields);
  };
  run_wire_cases(std::vector<WireCase>{
      cookie("other cookies stay as they are", "a=b; c=d", "Cookie: a=b; c=d\r\n"),
      cookie("alone, its field goes", "limpet=forged", ""),
      cookie("in front of others it goes", "limpet=forged; a=b", "Cookie: a=b\r\n"),
      cookie("between others it goes", "a=b; limpet=forged; c=d", "Cookie: a=b; c=d\r\n"),
      cookie("behind others it goes", "a=b;limpet=forged", "Cookie: a=b\r\n"),
      cookie("every one of several goes", "limpet=1; a=b; limpet=2", "Cookie: a=b\r\n"),
      cookie("with spaces around the equals sign it goes", "a=b; limpet = x", "Cookie: a=b\r\n"),
      cookie("in quotes it goes", "limpet=\"x\"; a=b", "Cookie: a=b\r\n"),
      cookie("empty it goes", "limpet=; a=b", "Cookie: a=b\r\n"),
      cookie("without an equals sign it goes", "limpet; a=b", "Cookie: a=b\r\n"),
      cookie("among empty elements it goes", ";; limpet=x ;;", ""),
      cookie("a value that holds its name stays", "a=limpet=x; b=limpet", "Cookie: a=limpet=x; b=limpet\r\n"),
      cookie("a name around its name stays", "xlimpet=1; limpet2=2", "Cookie: xlimpet=1; limpet2=2\r\n"),
      cookie("its name in another case is another cookie", "LIMPET=1", "Cookie: LIMPET=1\r\n"),
      cookie("quotes do not hide it", "a=\"b; limpet=x; c\"", "Cookie: a=\"b; c\"\r\n"),
      cookie("cookies that are none stay", "=; ==; \x80, a b", "Cookie: =; ==; \x80, a b\r\n"),
      cookie("an empty field stays", "", "Cookie: \r\n"),
      fields_to_backend("it goes from every field",
                        "Cookie: limpet=1\r\nCookie: a=b; limpet=2\r\ncookie: c=d\r\n",
                        "Cookie: a=b\r\ncookie: c=d\r\n"),
      fields_to_backend("Cookie2 is another field", "Cookie2: limpet=1\r\n", "Cookie2: limpet=1\r\n"),
  });
}
