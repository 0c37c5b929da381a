// Start lines and targets of requests on the wire (RFC 9112 2.2, 3): what passes does so unchanged, what is
// malformed is refused before anybody connects to a backend.

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/wire_case.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::string_literals;

namespace {

WireCase refused_line(std::string name, std::string_view line) {
  return refused(std::move(name), from_client({.line = line}));
}

WireCase passed_line(std::string name, std::string_view line) {
  return passed(std::move(name), from_client({.line = line}), to_backend({.line = line}));
}

// The backend sees `backend_line` instead of `line`.
WireCase rewritten_line(std::string name, std::string_view line, std::string_view backend_line) {
  return passed(std::move(name), from_client({.line = line}), to_backend({.line = backend_line}));
}

WireCase passed_target(std::string name, std::string_view target) {
  return passed_line(std::move(name), "GET "s.append(target).append(" HTTP/1.1"));
}

WireCase refused_target(std::string name, std::string_view target) {
  return refused_line(std::move(name), "GET "s.append(target).append(" HTTP/1.1"));
}

// A request with this Host and target, and what the backend gets of them.
WireCase absolute(std::string name, std::string_view target, std::string_view host,
                  std::string_view backend_target) {
  const std::string line = "GET "s.append(target).append(" HTTP/1.1");
  const std::string backend_line = "GET "s.append(backend_target).append(" HTTP/1.1");
  return passed(std::move(name), line + "\r\nHost: " + std::string(host) + "\r\n\r\n",
                to_backend({.line = backend_line, .host = host}));
}

WireCase refused_absolute(std::string name, std::string_view target, std::string_view host) {
  return refused(std::move(name),
                 "GET "s.append(target).append(" HTTP/1.1\r\nHost: ").append(host).append("\r\n\r\n"));
}

// HTTP/1.0 closes behind the answer unless asked not to.
WireCase of_http_1_0(std::string name, std::string_view fields, std::string_view connection,
                     ClientSide side) {
  return {.name = std::move(name),
          .turns = {{.client_sends = from_client({.line = "GET / HTTP/1.0", .fields = fields}),
                     .backend_gets = to_backend({}),
                     .backend_sends = std::string(kOk),
                     .client_gets = ok_to_client(connection)}},
          .client = side};
}

}  // namespace

TEST_CASE("wire: versions in the start line") {
  run_wire_cases(std::vector<WireCase>{
      passed_line("HTTP/1.1 passes", "GET / HTTP/1.1"),
      of_http_1_0("HTTP/1.0 is answered and closed", "", kClose, ClientSide::Closed),
      of_http_1_0("HTTP/1.0 that asks for keep-alive is told and kept", "Connection: keep-alive\r\n",
                  "Connection: keep-alive\r\n", ClientSide::Usable),
      {.name = "HTTP/1.0 may do without Host, which is empty at the backend",
       .turns = {{.client_sends = "GET / HTTP/1.0\r\n\r\n",
                  .backend_gets = to_backend({.host = ""}),
                  .backend_sends = std::string(kOk),
                  .client_gets = ok_to_client(kClose)}},
       .client = ClientSide::Closed},
      refused("HTTP/0.9 is refused", "GET /\r\n\r\n"),
      refused("HTTP/0.9 in words is refused", "GET / HTTP/0.9\r\n\r\n"),
      refused_line("HTTP/1.2 is refused", "GET / HTTP/1.2"),
      refused_line("HTTP/2.0 is refused", "GET / HTTP/2.0"),
      refused_line("HTTP/1.10 is refused", "GET / HTTP/1.10"),
      refused_line("HTTP/1.01 is refused", "GET / HTTP/1.01"),
      refused_line("HTTP/01.1 is refused", "GET / HTTP/01.1"),
      refused_line("HTTP/1 is refused", "GET / HTTP/1"),
      refused_line("HTTP/1. is refused", "GET / HTTP/1."),
      refused_line("HTTP/ without a number is refused", "GET / HTTP/"),
      refused_line("a comma in the version is refused", "GET / HTTP/1,1"),
      refused_line("http/1.1 in lower case is refused", "GET / http/1.1"),
      refused_line("Http/1.1 in mixed case is refused", "GET / Http/1.1"),
      refused_line("RTSP/1.0 is refused", "DESCRIBE / RTSP/1.0"),
      refused_line("ICE/1.0 is refused", "SOURCE / ICE/1.0"),
      refused("the HTTP/2 preface is refused", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
      refused_line("PRI is no method of HTTP/1.1", "PRI * HTTP/1.1"),
      refused("a TLS hello is refused", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"s),
  });
}

TEST_CASE("wire: spaces and empty lines around the start line") {
  const std::string get = from_client({});
  run_wire_cases(std::vector<WireCase>{
      refused_line("two spaces behind the method are refused", "GET  / HTTP/1.1"),
      refused_line("two spaces before the version are refused", "GET /  HTTP/1.1"),
      refused_line("a tab behind the method is refused", "GET\t/ HTTP/1.1"),
      refused_line("a tab before the version is refused", "GET /\tHTTP/1.1"),
      refused_line("tabs alone are refused", "GET\t/\tHTTP/1.1"),
      refused_line("a vertical tab is refused", "GET\x0b/ HTTP/1.1"),
      refused_line("a leading space is refused", " GET / HTTP/1.1"),
      refused_line("a leading tab is refused", "\tGET / HTTP/1.1"),
      refused_line("a trailing space is refused", "GET / HTTP/1.1 "),
      refused_line("a trailing tab is refused", "GET / HTTP/1.1\t"),
      refused_line("a fourth part is refused", "GET / HTTP/1.1 HTTP/1.1"),
      refused_line("a line without a target is refused", "GET HTTP/1.1"),
      refused_line("a line with an empty target is refused", "GET  HTTP/1.1"),
      refused("a CR inside the start line is refused", from_client({.line = "GET /\r HTTP/1.1"})),
      refused("a CR behind the version is refused", from_client({.line = "GET / HTTP/1.1\r"})),
      refused("a start line ended by LF alone is refused", "GET / HTTP/1.1\nHost: example.com\r\n\r\n"),
      refused("a start line ended by CR alone is refused", "GET / HTTP/1.1\rHost: example.com\r\n\r\n"),
      passed("one empty line before the request is skipped", "\r\n" + get, to_backend({})),
      refused("two empty lines before the request are refused", "\r\n\r\n" + get),
      refused("an empty line of LF alone before the request is refused", "\n" + get),
      refused("a space line before the request is refused", " \r\n" + get),
      {.name = "one empty line between two requests is skipped",
       .turns = {{.client_sends = get + "\r\n",
                  .backend_gets = to_backend({}),
                  .backend_sends = std::string(kOk),
                  .client_gets = ok_to_client()},
                 {.client_sends = get,
                  .backend_gets = to_backend({}),
                  .backend_sends = std::string(kOk),
                  .client_gets = ok_to_client()}},
       .ends = {CloseReason::Completed, CloseReason::Completed}},
      {.name = "two empty lines behind a request are a malformed next one",
       .turns = {{.client_sends = get + "\r\n\r\n",
                  .backend_gets = to_backend({}),
                  .backend_sends = std::string(kOk),
                  .client_gets = ok_to_client()}},
       .refusal = CloseReason::MalformedRequest,
       .backend = BackendSide::Kept,
       .ends = {CloseReason::Completed, CloseReason::MalformedRequest}},
  });
}

TEST_CASE("wire: methods") {
  run_wire_cases(std::vector<WireCase>{
      passed_line("DELETE passes", "DELETE /thing HTTP/1.1"),
      passed_line("PROPFIND passes", "PROPFIND /thing HTTP/1.1"),
      passed_line("M-SEARCH passes", "M-SEARCH /thing HTTP/1.1"),
      // Two readers must agree on every head, and the second one knows the registered methods alone.
      refused_line("an unknown method is refused", "BREW /pot HTTP/1.1"),
      refused_line("a method in lower case is refused", "get / HTTP/1.1"),
      refused_line("a known method with more behind it is refused", "GETS / HTTP/1.1"),
      refused_line("an empty method is refused", " / HTTP/1.1"),
      refused_line("a method with a slash is refused", "GE/T / HTTP/1.1"),
      refused_line("a method with a colon is refused", "GET: / HTTP/1.1"),
      refused_line("a method with parentheses is refused", "G(E)T / HTTP/1.1"),
      refused_line("a method beyond ASCII is refused", "G\xc3\x8bT / HTTP/1.1"),
      refused("a NUL in the method is refused", from_client({.line = "GE\0T / HTTP/1.1"s})),
      refused_line("CONNECT to an authority is refused", "CONNECT example.com:443 HTTP/1.1"),
      refused_line("CONNECT to a path is refused", "CONNECT / HTTP/1.1"),
  });
}

TEST_CASE("wire: targets") {
  const std::string fits = "/" + std::string(8000, 'a');
  run_wire_cases(std::vector<WireCase>{
      passed_target("a query passes unchanged", "/a?b=c&d=%20?e"),
      passed_target("two slashes in front pass unchanged", "//evil.example/x"),
      passed_target("dot segments pass unchanged", "/a/../../b/./c"),
      passed_target("an encoded slash passes unchanged", "/a%2f..%2Fb"),
      passed_target("a bad percent encoding passes unchanged", "/100%/%zz"),
      passed_target("a backslash passes unchanged", "/a\\b"),
      passed_target("brackets, quotes and bars pass unchanged", "/[a]{b}|\"c\"<d>^`"),
      passed_target("a very long target passes", fits),
      refused_target("a fragment is refused", "/a#b"),
      refused_target("a fragment alone is refused", "#"),
      refused_target("UTF-8 in the target is refused", "/caf\xc3\xa9"),
      refused_target("DEL in the target is refused", "/a\x7f"),
      refused_target("a control in the target is refused", "/a\x01"),
      refused("a NUL in the target is refused", from_client({.line = "GET /a\0b HTTP/1.1"s})),
      refused_target("a space in the target is refused", "/a b"),
      refused_target("a relative target is refused", "a/b"),
      refused_target("a query without a path is refused", "?a"),
      refused_target("a backslash in front is refused", "\\a"),
      passed_line("OPTIONS * passes", "OPTIONS * HTTP/1.1"),
      passed_line("OPTIONS of a path passes", "OPTIONS /a HTTP/1.1"),
      refused_target("GET * is refused", "*"),
      refused_line("OPTIONS ** is refused", "OPTIONS ** HTTP/1.1"),
      refused_target("an authority is refused for GET", "example.com:80"),
  });
}

TEST_CASE("wire: absolute targets") {
  run_wire_cases(std::vector<WireCase>{
      absolute("the authority of Host is cut off", "http://example.com/a?b", kHost, "/a?b"),
      absolute("the authority may be in another case", "http://EXAMPLE.com/a", kHost, "/a"),
      absolute("the scheme may be in another case", "HTTP://example.com/a", kHost, "/a"),
      absolute("the port must be there twice", "http://example.com:8080/a", "example.com:8080", "/a"),
      absolute("https is a scheme like http", "https://example.com/a", kHost, "/a"),
      absolute("no path is the root", "http://example.com", kHost, "/"),
      absolute("two slashes behind the authority stay", "http://example.com//a", kHost, "//a"),
      absolute("an IPv6 authority is cut off", "http://[::1]:80/a", "[::1]:80", "/a"),
      rewritten_line("OPTIONS of a bare authority asks about the server",
                     "OPTIONS http://example.com HTTP/1.1", "OPTIONS * HTTP/1.1"),
      refused_absolute("another authority is refused", "http://other.example/a", kHost),
      refused_absolute("another port is refused", "http://example.com:81/a", "example.com:80"),
      refused_absolute("a port that Host lacks is refused", "http://example.com:80/a", kHost),
      refused_absolute("a port that the target lacks is refused", "http://example.com/a", "example.com:80"),
      refused_absolute("user information is refused", "http://user@example.com/a", kHost),
      refused_absolute("user information in both is refused", "http://u@example.com/a", "u@example.com"),
      refused_absolute("ftp is refused", "ftp://example.com/a", kHost),
      refused_absolute("ws is refused", "ws://example.com/a", kHost),
      refused_absolute("a scheme alone is refused", "http://", kHost),
      refused_absolute("a missing authority is refused", "http:///a", kHost),
      refused_absolute("a single slash behind the scheme is refused", "http:/example.com/a", kHost),
      refused_absolute("a query without a path is refused", "http://example.com?a", kHost),
      refused("an absolute target of HTTP/1.0 without Host is refused",
              "GET http://example.com/a HTTP/1.0\r\n\r\n"),
      refused("an absolute target does not replace Host", "GET http://example.com/a HTTP/1.1\r\n\r\n"),
  });
}
