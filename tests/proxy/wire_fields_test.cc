// Field lines of requests on the wire (RFC 9112 5, RFC 9110 5): syntax, Host, and how much of them there may
// be.

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/wire_case.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::string_literals;

namespace {

WireCase refused_fields(std::string name, std::string_view fields) {
  return refused(std::move(name), from_client({.fields = fields}));
}

WireCase passed_fields(std::string name, std::string_view fields, std::string_view backend_fields) {
  return passed(std::move(name), from_client({.fields = fields}), to_backend({.fields = backend_fields}));
}

WireCase passed_fields(std::string name, std::string_view fields) {
  return passed_fields(std::move(name), fields, fields);
}

std::string get_with_host(std::string_view host_lines) {
  return "GET / HTTP/1.1\r\n"s.append(host_lines).append("\r\n");
}

WireCase refused_host(std::string name, std::string_view host) {
  return refused(std::move(name), get_with_host("Host: "s.append(host).append("\r\n")));
}

WireCase passed_host(std::string name, std::string_view host) {
  return passed(std::move(name), get_with_host("Host: "s.append(host).append("\r\n")),
                to_backend({.host = host}));
}

}  // namespace

TEST_CASE("wire: lines of a request head") {
  run_wire_cases(std::vector<WireCase>{
      refused("a folded first field is refused", "GET / HTTP/1.1\r\n Host: example.com\r\n\r\n"),
      refused("a Host folded behind its name is refused", "GET / HTTP/1.1\r\nHost:\r\n example.com\r\n\r\n"),
      refused_fields("a folded later field is refused", "X-Long: a\r\n b\r\n"),
      refused_fields("folding with a tab is refused", "X-Long: a\r\n\tb\r\n"),
      refused_fields("a line of a space alone is refused", "X-Long: a\r\n \r\n"),
      refused_fields("a line of a tab alone is refused", "X-Long: a\r\n\t\r\n"),
      refused_fields("folding of a field that says how long the body is is refused",
                     "Content-Length:\r\n 5\r\n"),
      refused_fields("a bare LF behind a field is refused", "X-A: b\nX-C: d\r\n"),
      refused_fields("a bare CR inside a value is refused", "X-A: b\rX-C: d\r\n"),
      refused_fields("a bare CR at the end of a value is refused", "X-A: b\r\r\n"),
      refused_fields("a bare CR in front of a value is refused", "X-A: \rb\r\n"),
      refused_fields("a bare CR in a name is refused", "X\r-A: b\r\n"),
      refused_fields("a bare CR as a line of its own is refused", "X-A: b\r\n\rX-C: d\r\n"),
      refused("a blank line of LF alone is refused", "GET / HTTP/1.1\r\nHost: example.com\r\n\n"),
      refused("a blank line of LF CR is refused", "GET / HTTP/1.1\r\nHost: example.com\r\n\n\r"),
      refused_fields("a line without a colon is refused", "X-A\r\n"),
      refused_fields("an empty name is refused", ": b\r\n"),
      refused_fields("a space in a name is refused", "X A: b\r\n"),
      refused_fields("a space before the colon is refused", "X-A : b\r\n"),
      refused_fields("a tab before the colon is refused", "X-A\t: b\r\n"),
      refused_fields("a name in quotes is refused", "\"X-A\": b\r\n"),
      refused_fields("a name with a slash is refused", "X/A: b\r\n"),
      refused_fields("a name with a comma is refused", "X,A: b\r\n"),
      refused_fields("a name with brackets is refused", "X[A]: b\r\n"),
      refused_fields("a name with an at is refused", "X@A: b\r\n"),
      refused_fields("a name beyond ASCII is refused", "X-\xc3\x84: b\r\n"),
      refused_fields("a NUL in a name is refused", "X\0A: b\r\n"s),
      passed_fields("every token character may stand in a name", "!#$%&'*+-.^_`|~0aZ: b\r\n"),
  });
}

TEST_CASE("wire: values of fields") {
  run_wire_cases(std::vector<WireCase>{
      refused_fields("a NUL in a value is refused", "X-A: b\0c\r\n"s),
      refused_fields("a NUL at the end of a value is refused", "X-A: b\0\r\n"s),
      refused_fields("a bell in a value is refused", "X-A: b\x07\r\n"),
      refused_fields("a form feed in a value is refused", "X-A: b\x0c\r\n"),
      refused_fields("a vertical tab in a value is refused", "X-A: b\x0b\r\n"),
      refused_fields("an escape in a value is refused", "X-A: \x1b[31m\r\n"),
      refused_fields("DEL in a value is refused", "X-A: b\x7f\r\n"),
      passed_fields("bytes beyond ASCII in a value pass", "X-A: \xc3\xa4\xff\x80\r\n"),
      passed_fields("an empty value passes", "X-A: \r\n"),
      passed_fields("an empty value without a space is the same", "X-A:\r\n", "X-A: \r\n"),
      passed_fields("white space around a value goes", "X-A: \t b c \t \r\n", "X-A: b c\r\n"),
      passed_fields("a tab inside a value passes", "X-A: b\tc\r\n"),
      passed_fields("colons inside a value pass", "X-A: b: c:: d\r\n"),
      passed_fields("repeated fields pass in their order", "X-A: 1\r\nX-B: 2\r\nx-a: 3\r\n"),
      passed_fields("the case of a name passes unchanged", "x-LOUD-quiet: b\r\n"),
      passed_fields("a field much like another passes", "Hosts: a\r\nContent-Lengths: 5\r\n"),
  });
}

TEST_CASE("wire: Host") {
  run_wire_cases(std::vector<WireCase>{
      refused("a missing Host is refused", get_with_host("")),
      refused("two Hosts are refused", get_with_host("Host: example.com\r\nHost: example.com\r\n")),
      refused("two different Hosts in different case are refused",
              get_with_host("Host: example.com\r\nhost: other.example\r\n")),
      refused("two Hosts of HTTP/1.0 are refused",
              "GET / HTTP/1.0\r\nHost: example.com\r\nHost: example.com\r\n\r\n"),
      refused("an empty Host is refused", get_with_host("Host:\r\n")),
      refused("an empty Host of HTTP/1.0 is refused", "GET / HTTP/1.0\r\nHost:\r\n\r\n"),
      refused("a Host in front of a space before its colon is refused",
              get_with_host("Host : example.com\r\n")),
      refused_host("user information is refused", "user@example.com"),
      refused_host("a password is refused", "user:secret@example.com"),
      refused_host("a path is refused", "example.com/a"),
      refused_host("a query is refused", "example.com?a"),
      refused_host("a fragment is refused", "example.com#a"),
      refused_host("a scheme is refused", "http://example.com"),
      refused_host("a backslash is refused", "example.com\\a"),
      refused_host("a port of letters is refused", "example.com:http"),
      refused_host("a signed port is refused", "example.com:+80"),
      refused_host("a second port is refused", "example.com:80:81"),
      refused_host("a port alone is refused", ":80"),
      refused_host("port 65536 is refused", "example.com:65536"),
      refused_host("a port of six digits is refused", "example.com:000080"),
      passed_host("port 65535 passes", "example.com:65535"),
      passed_host("an empty port passes unchanged", "example.com:"),
      refused_host("a space is refused", "example .com"),
      refused_host("a tab is refused", "example\t.com"),
      refused_host("a list is refused", "example.com, other.example"),
      refused_host("bytes beyond ASCII are refused", "ex\xc3\xa4mple.com"),
      refused_host("an open bracket is refused", "[::1"),
      refused_host("empty brackets are refused", "[]"),
      refused_host("brackets around a name are refused", "[example.com]"),
      refused_host("brackets around an IPv4 address are refused", "[127.0.0.1]"),
      refused_host("text behind brackets is refused", "[::1]a"),
      refused_host("brackets behind text are refused", "a[::1]"),
      refused_host("a bad port behind brackets is refused", "[::1]:99999"),
      refused_host("an IPv6 address without brackets is refused", "::1"),
      passed_host("an IPv6 address passes", "[2001:db8::1]:8080"),
      passed_host("the case of a name passes unchanged", "EXAMPLE.com"),
      passed_host("a closing dot passes unchanged", "example.com."),
      refused_host("a lone percent is refused", "exa%mple.com"),
      passed_host("a percent encoding passes unchanged", "ex%61mple.com"),
  });
}

TEST_CASE("wire: the size of a request head") {
  constexpr std::size_t kHeadBytes = 512;
  constexpr std::string_view kPadName = "X-Pad: ";
  const auto padded = [&](std::size_t size) {
    const std::size_t bare = from_client({.fields = "X-Pad: \r\n"}).size();
    return std::string(kPadName) + std::string(size - bare, 'p') + "\r\n";
  };
  const std::string fits = padded(kHeadBytes);
  const std::string too_big = padded(kHeadBytes + 1);
  const std::string endless = "GET /" + std::string(kHeadBytes, 'a');
  run_wire_cases(
      std::vector<WireCase>{
          passed_fields("a head of exactly head_bytes passes", fits),
          refused("a head of one byte more is refused", from_client({.fields = too_big}),
                  CloseReason::HeadTooLarge),
          refused("a start line without an end is refused as too large", endless, CloseReason::HeadTooLarge),
          {.name = "a second head of one byte more is refused",
           .turns = {{.client_sends = from_client({}),
                      .backend_gets = to_backend({}),
                      .backend_sends = std::string(kOk),
                      .client_gets = ok_to_client()},
                     {.client_sends = from_client({.fields = too_big})}},
           .refusal = CloseReason::HeadTooLarge,
           .backend = BackendSide::Kept,
           .ends = {CloseReason::Completed, CloseReason::HeadTooLarge}},
          {.name = "what follows a head is no part of its size",
           .turns = {{.client_sends = from_client({.line = "POST / HTTP/1.1",
                                                   .fields = "Content-Length: 600\r\n",
                                                   .body = std::string(600, 'b')}),
                      .backend_gets = to_backend({.line = "POST / HTTP/1.1",
                                                  .framing = "Content-Length: 600\r\n",
                                                  .body = std::string(600, 'b')}),
                      .backend_sends = std::string(kOk),
                      .client_gets = ok_to_client()}}},
      },
      {.adjust = [](proxy::Snapshot& snapshot) { snapshot.limits.head_bytes = kHeadBytes; }});
}

TEST_CASE("wire: the number of fields of a request") {
  constexpr std::uint32_t kMost = 8;  // the bystander's upgrade has five
  std::string fits;                   // with Host
  for (std::uint32_t i = 1; i < kMost; ++i) {
    fits += "X-" + std::to_string(i) + ": v\r\n";
  }
  const std::string too_many = fits + "X-Last: v\r\n";
  run_wire_cases(std::vector<WireCase>{passed_fields("exactly the most fields pass", fits),
                                       refused("one field more is refused", from_client({.fields = too_many}),
                                               CloseReason::HeadTooLarge)},
                 {.adjust = [](proxy::Snapshot& snapshot) { snapshot.limits.headers = kMost; }});
}

TEST_CASE("wire: fields between client and proxy go no further") {
  run_wire_cases(std::vector<WireCase>{
      passed_fields("TE goes no further", "TE: trailers\r\n", ""),
      passed_fields("a TE that Connection names goes no further", "TE: trailers\r\nConnection: TE\r\n", ""),
      passed_fields("Keep-Alive goes no further", "Keep-Alive: timeout=5\r\n", ""),
      passed_fields("Proxy-Connection goes no further", "Proxy-Connection: keep-alive\r\n", ""),
      passed_fields("Proxy-Authorization goes no further", "Proxy-Authorization: Basic eA==\r\n", ""),
      passed_fields("Proxy_Connection goes no further either", "Proxy_Connection: keep-alive\r\n", ""),
      passed_fields("Trailer passes", "Trailer: X-Sum\r\n"),
      passed_fields("Max-Forwards passes", "Max-Forwards: 3\r\n"),
      {.name = "Proxy-Connection: close does not close",
       .turns = {{.client_sends = from_client({.fields = "Proxy-Connection: close\r\n"}),
                  .backend_gets = to_backend({}),
                  .backend_sends = std::string(kOk),
                  .client_gets = ok_to_client()}}},
      {.name = "Connection: close closes behind the answer and keeps the backend",
       .turns = {{.client_sends = from_client({.fields = "Connection: close\r\n"}),
                  .backend_gets = to_backend({}),
                  .backend_sends = std::string(kOk),
                  .client_gets = ok_to_client(kClose)}},
       .client = ClientSide::Closed},
  });
}
