#include <string>
#include <vector>

#include "tests/http/reading.h"
#include "tests/support/catch.h"

using namespace limpet::http;
using limpet::CloseReason;
using limpet::http::testing::gather;
using limpet::http::testing::read_request;

namespace {

const std::string kHost = "Host: example.com\r\n";

std::string get(const std::string& fields) {
  return "GET /a HTTP/1.1\r\n" + kHost + fields + "\r\n";
}

std::string post(const std::string& fields) {
  return "POST /a HTTP/1.1\r\n" + kHost + fields + "\r\n";
}

std::string with_target(const std::string& target, const std::string& method = "GET") {
  return method + " " + target + " HTTP/1.1\r\n" + kHost + "\r\n";
}

std::string with_host(const std::string& host) {
  return "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
}

struct Refused {
  std::string rule;
  std::string bytes;
};

void check_all_refused(const std::vector<Refused>& cases) {
  for (const Refused& c : cases) {
    CAPTURE(c.rule, c.bytes);
    const auto read = read_request(c.bytes);
    REQUIRE(read.refusal.has_value());
    CHECK(read.refusal->reason == CloseReason::MalformedRequest);
    CHECK_FALSE(read.refusal->detail.empty());
  }
}

void check_all_accepted(const std::vector<std::string>& cases) {
  for (const std::string& bytes : cases) {
    CAPTURE(bytes);
    const auto read = read_request(bytes);
    CAPTURE(read.refusal ? read.refusal->detail : "");
    CHECK_FALSE(read.refusal.has_value());
    for (const std::size_t step : {std::size_t{1}, bytes.size()}) {
      const auto gathered = gather(bytes + "next", step);
      CHECK(gathered.found == HeadEnd::Found::Complete);
      CHECK(gathered.size == bytes.size());
    }
  }
}

}  // namespace

TEST_CASE("a request that breaks a rule of its first line is refused") {
  check_all_refused({
      {"nothing", ""},
      {"only an empty line", "\r\n"},
      {"two empty lines", "\r\n\r\n"},
      {"two empty lines before the request", "\r\n\r\nGET / HTTP/1.1\r\n" + kHost + "\r\n"},
      {"no blank line", "GET / HTTP/1.1\r\n" + kHost},
      {"bytes behind the blank line", get("") + "x"},
      {"HTTP/0.9", "GET /\r\n\r\n"},
      {"no version", "GET / \r\n" + kHost + "\r\n"},
      {"no target", "GET HTTP/1.1\r\n" + kHost + "\r\n"},
      {"an empty target", "GET  HTTP/1.1\r\n" + kHost + "\r\n"},
      {"no method", " / HTTP/1.1\r\n" + kHost + "\r\n"},
      {"two spaces before the target", "GET  / HTTP/1.1\r\n" + kHost + "\r\n"},
      {"two spaces behind the target", "GET /  HTTP/1.1\r\n" + kHost + "\r\n"},
      {"a space behind the version", "GET / HTTP/1.1 \r\n" + kHost + "\r\n"},
      {"a space before the method", " GET / HTTP/1.1\r\n" + kHost + "\r\n"},
      {"a tab before the target", "GET\t/ HTTP/1.1\r\n" + kHost + "\r\n"},
      {"a tab behind the target", "GET /\tHTTP/1.1\r\n" + kHost + "\r\n"},
      {"a space in the target", "GET /a b HTTP/1.1\r\n" + kHost + "\r\n"},
      {"version 1.2", "GET / HTTP/1.2\r\n" + kHost + "\r\n"},
      {"version 2.0", "GET / HTTP/2.0\r\n" + kHost + "\r\n"},
      {"version 0.9", "GET / HTTP/0.9\r\n" + kHost + "\r\n"},
      {"version 1", "GET / HTTP/1\r\n" + kHost + "\r\n"},
      {"version 1.10", "GET / HTTP/1.10\r\n" + kHost + "\r\n"},
      {"version 01.1", "GET / HTTP/01.1\r\n" + kHost + "\r\n"},
      {"a lower-case version", "GET / http/1.1\r\n" + kHost + "\r\n"},
      {"RTSP", "GET / RTSP/1.0\r\n" + kHost + "\r\n"},
      {"ICE", "SOURCE / ICE/1.0\r\n" + kHost + "\r\n"},
      {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\n"},
      {"the preface of HTTP/2 with another version", "PRI * HTTP/1.1\r\n" + kHost + "\r\n"},
      {"a method of RTSP", "DESCRIBE / HTTP/1.1\r\n" + kHost + "\r\n"},
      {"a method in lower case", "get / HTTP/1.1\r\n" + kHost + "\r\n"},
      {"an unknown method", "FOO / HTTP/1.1\r\n" + kHost + "\r\n"},
      {"a method that is not a token", "G(T / HTTP/1.1\r\n" + kHost + "\r\n"},
      {"a first line ended by LF", "GET / HTTP/1.1\n" + kHost + "\r\n"},
      {"a first line ended by CR", "GET / HTTP/1.1\r" + kHost + "\r\n"},
      {"a first line ended by CR CR LF", "GET / HTTP/1.1\r\r\n" + kHost + "\r\n"},
      {"an empty line ended by LF before the request", "\nGET / HTTP/1.1\r\n" + kHost + "\r\n"},
  });
}

TEST_CASE("a request with a target that has more than one reading is refused") {
  check_all_refused({
      {"a fragment", with_target("/a#b")},
      {"a fragment in the query", with_target("/a?b#c")},
      {"a byte above ASCII", with_target("/\xc3\xa9")},
      {"a NUL", with_target(std::string("/a\0b", 4))},
      {"a DEL", with_target("/a\x7f")},
      {"a control", with_target("/a\x01")},
      {"a carriage return", with_target("/a\rb")},
      {"no leading slash", with_target("a")},
      {"a query alone", with_target("?a")},
      {"a star of GET", with_target("*")},
      {"more than a star", with_target("*a", "OPTIONS")},
      {"authority-form", with_target("example.com:80")},
      {"CONNECT", with_target("example.com:80", "CONNECT")},
      {"CONNECT with a path", with_target("/a", "CONNECT")},
      {"another authority than Host", with_target("http://other.com/a")},
      {"user information in the authority", with_target("http://user@example.com/a")},
      {"a port that Host does not have", with_target("http://example.com:80/a")},
      {"an empty authority", with_target("http:///a")},
      {"no authority", with_target("http:")},
      {"a scheme alone", with_target("http://")},
      {"another scheme", with_target("ftp://example.com/a")},
      {"a WebSocket scheme", with_target("ws://example.com/a")},
      {"a query without a path", with_target("http://example.com?a")},
      {"absolute-form without a Host", "GET http://example.com/ HTTP/1.0\r\n\r\n"},
  });
}

TEST_CASE("a request that breaks a rule of its fields is refused") {
  check_all_refused({
      {"an empty field name", get(": b\r\n")},
      {"a space before the colon", get("A : b\r\n")},
      {"a tab before the colon", get("A\t: b\r\n")},
      {"a name with a space", get("A B: c\r\n")},
      {"a name that is not a token", get("A(B): c\r\n")},
      {"a name with a byte above ASCII", get("\xc3\xa9: c\r\n")},
      {"a name with a NUL", get(std::string("A\0: c\r\n", 7))},
      {"a line without a colon", get("A\r\n")},
      {"a folded line", get("A: b\r\n c\r\n")},
      {"a line folded by a tab", get("A: b\r\n\tc\r\n")},
      {"a fold of blanks alone", get("A: b\r\n \r\n")},
      {"a first field line that begins with a space", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
      {"a field line ended by LF", get("A: b\n")},
      {"a field line ended by CR", get("A: b\rC: d\r\n")},
      {"a bare CR in a value", get("A: b\rc\r\n")},
      {"a CR before CR LF", get("A: b\r\r\n")},
      {"a NUL in a value", get(std::string("A: b\0c\r\n", 8))},
      {"a control in a value", get("A: b\x01\r\n")},
      {"a vertical tab in a value", get("A: b\x0b\r\n")},
      {"a DEL in a value", get("A: b\x7f\r\n")},
      {"a blank line ended by LF", "GET / HTTP/1.1\r\n" + kHost + "\n"},
      {"a blank line ended by CR", "GET / HTTP/1.1\r\n" + kHost + "\r"},
      {"a blank line of a space", "GET / HTTP/1.1\r\n" + kHost + " \r\n\r\n"},
      {"a Connection field of a hundred options", get("Connection: " + std::string(100, ',') + "\r\n")},
  });
}

TEST_CASE("a request with a missing, repeated or malformed Host is refused") {
  check_all_refused({
      {"no Host", "GET / HTTP/1.1\r\n\r\n"},
      {"an empty Host", with_host("")},
      {"Host twice", get(kHost)},
      {"Host twice in HTTP/1.0", "GET / HTTP/1.0\r\n" + kHost + kHost + "\r\n"},
      {"a malformed Host in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a b\r\n\r\n"},
      {"a list", with_host("a, b")},
      {"a space", with_host("a b")},
      {"user information", with_host("user@a")},
      {"a path", with_host("a/b")},
      {"a query", with_host("a?b")},
      {"a scheme", with_host("http://a")},
      {"a backslash", with_host("a\\b")},
      {"a quote", with_host("\"a\"")},
      {"a byte above ASCII", with_host("\xc3\xa9")},
      {"half an escape", with_host("a%2")},
      {"an escape that is none", with_host("a%zz")},
      {"a port that is no number", with_host("a:b")},
      {"a negative port", with_host("a:-1")},
      {"a port too high", with_host("a:65536")},
      {"a long port", with_host("a:000080")},
      {"two ports", with_host("a:80:80")},
      {"a port alone", with_host(":80")},
      {"an IPv6 address without brackets", with_host("::1")},
      {"an open bracket", with_host("[::1")},
      {"a closed bracket", with_host("::1]")},
      {"empty brackets", with_host("[]")},
      {"a name in brackets", with_host("[a]")},
      {"an IPv4 address in brackets", with_host("[1.2.3.4]")},
      {"a zone", with_host("[fe80::1%25eth0]")},
      {"text behind the brackets", with_host("[::1]a")},
      {"a bad port behind the brackets", with_host("[::1]:a")},
      {"an address of a later version", with_host("[v1.a]")},
  });
}

TEST_CASE("a request whose framing has more than one reading is refused") {
  check_all_refused({
      {"both", post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n")},
      {"both the other way", post("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n")},
      {"two lengths", post("Content-Length: 1\r\nContent-Length: 2\r\n")},
      {"the same length twice", post("Content-Length: 1\r\ncontent-length: 1\r\n")},
      {"a list of lengths", post("Content-Length: 1, 1\r\n")},
      {"an empty length", post("Content-Length:\r\n")},
      {"a signed length", post("Content-Length: +1\r\n")},
      {"a negative length", post("Content-Length: -1\r\n")},
      {"a hexadecimal length", post("Content-Length: 0x1\r\n")},
      {"a length with an exponent", post("Content-Length: 1e1\r\n")},
      {"a length with a fraction", post("Content-Length: 1.0\r\n")},
      {"a length with a space", post("Content-Length: 1 1\r\n")},
      {"a quoted length", post("Content-Length: \"1\"\r\n")},
      {"a length of 19 digits", post("Content-Length: 1000000000000000000\r\n")},
      {"a length beyond 64 bits", post("Content-Length: 18446744073709551617\r\n")},
      {"an empty encoding", post("Transfer-Encoding:\r\n")},
      {"identity", post("Transfer-Encoding: identity\r\n")},
      {"gzip alone", post("Transfer-Encoding: gzip\r\n")},
      {"gzip and chunked", post("Transfer-Encoding: gzip, chunked\r\n")},
      {"chunked and gzip", post("Transfer-Encoding: chunked, gzip\r\n")},
      {"chunked twice in a list", post("Transfer-Encoding: chunked, chunked\r\n")},
      {"chunked twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
      {"identity and chunked", post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n")},
      {"chunked with a parameter", post("Transfer-Encoding: chunked;a=b\r\n")},
      {"chunked with a comma", post("Transfer-Encoding: chunked,\r\n")},
      {"something like chunked", post("Transfer-Encoding: xchunked\r\n")},
      {"quoted chunked", post("Transfer-Encoding: \"chunked\"\r\n")},
      {"chunked with a vertical tab", post("Transfer-Encoding: \x0b"
                                           "chunked\r\n")},
      {"a space before the colon", post("Transfer-Encoding : chunked\r\n")},
      {"a folded encoding", post("Transfer-Encoding:\r\n chunked\r\n")},
      {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n"},
  });
}

TEST_CASE("an ordinary request is accepted") {
  check_all_accepted({
      get(""),
      "\r\n" + get(""),
      "GET / HTTP/1.0\r\n\r\n",
      "GET / HTTP/1.0\r\n" + kHost + "\r\n",
      get("A:b\r\n"),
      get("A:\r\n"),
      get("A: \t \r\n"),
      get("A: b c\t\xe9 \r\n"),
      get("!#$%&'*+-.^_`|~09: x\r\n"),
      get("Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"),
      get("Connection: close\r\n"),
      get("Expect: 100-continue\r\n"),
      post("Content-Length: 0\r\n"),
      post("Content-Length: 999999999999999999\r\n"),
      post("Content-Length:  007 \r\n"),
      post("Transfer-Encoding: chunked\r\n"),
      post("transfer-encoding:\tCHUNKED \r\n"),
      with_target("/"),
      with_target("//a"),
      with_target("/a?b?c=/&d"),
      with_target("/%00%zz"),
      with_target("/a\"<>\\^`{|}"),
      with_target("*", "OPTIONS"),
      with_target("/a", "PURGE"),
      with_host("a"),
      with_host("a:80"),
      with_host("a:"),
      with_host("a_b.c-d~"),
      with_host("a%2Fb"),
      with_host("1.2.3.4:65535"),
      with_host("[::1]"),
      with_host("[2001:db8::1]:8080"),
  });
}

TEST_CASE("the parts of a request are found") {
  const std::string bytes =
      "\r\nPOST /a/b?c=d?e HTTP/1.1\r\nHost: Example.com:8080\r\nX-A:  b c \t\r\nContent-Length: 12\r\n\r\n";
  const auto read = read_request(bytes);
  REQUIRE_FALSE(read.refusal.has_value());
  CHECK(read.head.method == "POST");
  CHECK(read.head.target == "/a/b?c=d?e");
  CHECK(read.head.path == "/a/b");
  CHECK(read.head.query == "c=d?e");
  CHECK(read.head.host == "Example.com:8080");
  CHECK(read.head.host_without_port() == "Example.com");
  CHECK(read.head.version == Version::Http11);
  CHECK(read.head.body.framing == Framing::Length);
  CHECK(read.head.body.length == 12);
  CHECK(read.head.fields.size() == 3);
  REQUIRE(read.head.fields.find("x-a") != nullptr);
  CHECK(read.head.fields.find("x-a")->value == "b c");
  CHECK(read.head.keep_alive);
  CHECK_FALSE(read.head.asks_upgrade);
}

TEST_CASE("an absolute target is cut down to its origin form") {
  struct Case {
    std::string method, raw, target, path, query;
  };
  for (const Case& c : std::vector<Case>{
           {"GET", "http://example.com/a?b", "/a?b", "/a", "b"},
           {"GET", "HTTPS://EXAMPLE.com/", "/", "/", ""},
           {"GET", "http://example.com", "/", "/", ""},
           {"OPTIONS", "http://example.com", "*", "*", ""},
       }) {
    CAPTURE(c.raw);
    const std::string bytes = with_target(c.raw, c.method);
    const auto read = read_request(bytes);
    REQUIRE_FALSE(read.refusal.has_value());
    CHECK(read.head.target == c.target);
    CHECK(read.head.path == c.path);
    CHECK(read.head.query == c.query);
  }
}

TEST_CASE("the connection is kept as the version and the Connection field say") {
  struct Case {
    std::string version, connection;
    bool keep_alive;
  };
  for (const Case& c : std::vector<Case>{
           {"1.1", "", true},
           {"1.1", "Connection: close\r\n", false},
           {"1.1", "Connection: x, Close\r\n", false},
           {"1.1", "Connection: keep-alive\r\nConnection: close\r\n", false},
           {"1.1", "Connection: closed\r\n", true},
           {"1.0", "", false},
           {"1.0", "Connection: Keep-Alive\r\n", true},
           {"1.0", "Connection: keep-alive, close\r\n", false},
           {"1.0", "Proxy-Connection: keep-alive\r\n", false},
       }) {
    CAPTURE(c.version, c.connection);
    const std::string bytes = "GET / HTTP/" + c.version + "\r\n" + kHost + c.connection + "\r\n";
    const auto read = read_request(bytes);
    REQUIRE_FALSE(read.refusal.has_value());
    CHECK(read.head.keep_alive == c.keep_alive);
  }
}

TEST_CASE("an upgrade is asked for only by Upgrade and Connection together") {
  struct Case {
    std::string fields;
    bool asks;
  };
  for (const Case& c : std::vector<Case>{
           {"Upgrade: websocket\r\n", false},
           {"Connection: Upgrade\r\n", false},
           {"Connection: upgraded\r\nUpgrade: websocket\r\n", false},
           {"Connection: Upgrade\r\nUpgrade: websocket\r\n", true},
           {"Upgrade: h2c\r\nConnection: HTTP2-Settings, UPGRADE\r\n", true},
       }) {
    CAPTURE(c.fields);
    const std::string bytes = get(c.fields);
    const auto read = read_request(bytes);
    REQUIRE_FALSE(read.refusal.has_value());
    CHECK(read.head.asks_upgrade == c.asks);
  }
}

TEST_CASE("a request beyond the limits is too large, not malformed") {
  const std::string bytes = get("A: b\r\nC: d\r\n");
  const auto reason = [&](const HeadLimits& limits) {
    const auto read = read_request(bytes, limits);
    return read.refusal ? read.refusal->reason : CloseReason::None;
  };
  CHECK(reason({.bytes = bytes.size(), .fields = 3}) == CloseReason::None);
  CHECK(reason({.bytes = bytes.size() - 1, .fields = 3}) == CloseReason::HeadTooLarge);
  CHECK(reason({.bytes = bytes.size(), .fields = 2}) == CloseReason::HeadTooLarge);
}

TEST_CASE("a head object that is used again keeps nothing of the message before") {
  const std::string first = post("Content-Length: 5\r\nConnection: close, Upgrade\r\nUpgrade: a\r\n");
  const std::string second = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  RequestHead head;
  REQUIRE_FALSE(parse_request(first, {}, head).has_value());
  REQUIRE(head.asks_upgrade);
  REQUIRE_FALSE(parse_request(second, {}, head).has_value());
  CHECK(head.fields.size() == 1);
  CHECK(head.host.empty());
  CHECK(head.body.framing == Framing::None);
  CHECK(head.body.length == 0);
  CHECK(head.keep_alive);
  CHECK_FALSE(head.asks_upgrade);
}

TEST_CASE("a prefix of a request is never accepted") {
  const std::string bytes = post("Content-Length: 10\r\nX: y\r\n");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    const std::string prefix = bytes.substr(0, size);
    CHECK(read_request(prefix).refusal.has_value());
  }
}

TEST_CASE("only methods that RFC 9110 calls idempotent are") {
  for (const auto* const method : {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"}) {
    CAPTURE(method);
    RequestHead head;
    head.method = method;
    CHECK(head.is_idempotent());
  }
  for (const auto* const method : {"POST", "PATCH", "get", ""}) {
    CAPTURE(method);
    RequestHead head;
    head.method = method;
    CHECK_FALSE(head.is_idempotent());
  }
}

TEST_CASE("an IPv6 host keeps its brackets when its port goes") {
  RequestHead head;
  head.host = "[::1]:80";
  CHECK(head.host_without_port() == "[::1]");
}
