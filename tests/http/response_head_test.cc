#include <string>
#include <vector>

#include "tests/http/reading.h"
#include "tests/support/catch.h"

using namespace limpet::http;
using limpet::CloseReason;
using limpet::http::testing::gather;
using limpet::http::testing::read_response;

namespace {

std::string ok(const std::string& fields) {
  return "HTTP/1.1 200 OK\r\n" + fields + "\r\n";
}

struct Refused {
  std::string rule;
  std::string bytes;
};

}  // namespace

TEST_CASE("an answer that breaks a rule is the backend's bad answer") {
  const std::vector<Refused> cases{
      {"nothing", ""},
      {"an empty line before it", "\r\n" + ok("")},
      {"no blank line", "HTTP/1.1 200 OK\r\n"},
      {"bytes behind the blank line", ok("") + "x"},
      {"HTTP/0.9", "hello\r\n\r\n"},
      {"version 2.0", "HTTP/2.0 200 OK\r\n\r\n"},
      {"version 1.2", "HTTP/1.2 200 OK\r\n\r\n"},
      {"ICY", "ICY 200 OK\r\n\r\n"},
      {"no status", "HTTP/1.1\r\n\r\n"},
      {"a space and no status", "HTTP/1.1 \r\n\r\n"},
      {"status of two digits", "HTTP/1.1 20 OK\r\n\r\n"},
      {"status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"},
      {"status 099", "HTTP/1.1 099 OK\r\n\r\n"},
      {"status 600", "HTTP/1.1 600 OK\r\n\r\n"},
      {"status 000", "HTTP/1.1 000 OK\r\n\r\n"},
      {"a status that is no number", "HTTP/1.1 2a0 OK\r\n\r\n"},
      {"a signed status", "HTTP/1.1 +20 OK\r\n\r\n"},
      {"two spaces before the status", "HTTP/1.1  200 OK\r\n\r\n"},
      {"a tab before the status", "HTTP/1.1\t200 OK\r\n\r\n"},
      {"a tab behind the status", "HTTP/1.1 200\tOK\r\n\r\n"},
      {"a control in the phrase", "HTTP/1.1 200 O\x01K\r\n\r\n"},
      {"a CR in the phrase", "HTTP/1.1 200 O\rK\r\n\r\n"},
      {"a NUL in the phrase", std::string("HTTP/1.1 200 O\0K\r\n\r\n", 20)},
      {"a first line ended by LF", "HTTP/1.1 200 OK\n\r\n"},
      {"a field line ended by LF", ok("A: b\n")},
      {"a folded line", ok("A: b\r\n c\r\n")},
      {"a space before the colon", ok("A : b\r\n")},
      {"a line without a colon", ok("A\r\n")},
      {"a NUL in a value", ok(std::string("A: \0\r\n", 6))},
      {"both framings", ok("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n")},
      {"two lengths", ok("Content-Length: 1\r\nContent-Length: 1\r\n")},
      {"a list of lengths", ok("Content-Length: 1, 1\r\n")},
      {"a negative length", ok("Content-Length: -1\r\n")},
      {"an empty length", ok("Content-Length: \r\n")},
      {"a long length", ok("Content-Length: 0000000000000000001\r\n")},
      {"gzip and chunked", ok("Transfer-Encoding: gzip, chunked\r\n")},
      {"identity", ok("Transfer-Encoding: identity\r\n")},
      {"chunked in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"a malformed length of a 304", "HTTP/1.1 304 Not Modified\r\nContent-Length: x\r\n\r\n"},
  };
  for (const Refused& c : cases) {
    CAPTURE(c.rule, c.bytes);
    const auto read = read_response(c.bytes);
    REQUIRE(read.refusal.has_value());
    CHECK(read.refusal->reason == CloseReason::BadAnswer);
    CHECK_FALSE(read.refusal->detail.empty());
  }
}

TEST_CASE("an answer beyond the limits is the backend's bad answer") {
  const std::string bytes = ok("A: b\r\n");
  const auto reason = [&](const HeadLimits& limits) {
    const auto read = read_response(bytes, {}, limits);
    return read.refusal ? read.refusal->reason : CloseReason::None;
  };
  CHECK(reason({.bytes = bytes.size(), .fields = 1}) == CloseReason::None);
  CHECK(reason({.bytes = bytes.size() - 1, .fields = 1}) == CloseReason::BadAnswer);
  CHECK(reason({.bytes = bytes.size(), .fields = 0}) == CloseReason::BadAnswer);
}

TEST_CASE("the body of an answer ends where RFC 9112 says") {
  struct Case {
    std::string bytes;
    bool to_head;
    Framing framing;
    std::uint64_t length;
    bool keep_alive;
  };
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  const std::vector<Case> cases{
      {ok("Content-Length: 5\r\n"), false, Framing::Length, 5, true},
      {ok("Content-Length: 0\r\n"), false, Framing::Length, 0, true},
      {ok(chunked), false, Framing::Chunked, 0, true},
      {ok(""), false, Framing::UntilClose, 0, false},
      {ok("Connection: keep-alive\r\n"), false, Framing::UntilClose, 0, false},
      {ok("Content-Length: 5\r\nConnection: close\r\n"), false, Framing::Length, 5, false},
      {ok("Content-Length: 5\r\n"), true, Framing::None, 0, true},
      {ok(chunked), true, Framing::None, 0, true},
      {ok(""), true, Framing::None, 0, true},
      {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", false, Framing::None, 0, true},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false, Framing::None, 0, true},
      {"HTTP/1.1 304 Not Modified\r\n" + chunked + "\r\n", false, Framing::None, 0, true},
      {"HTTP/1.1 100 Continue\r\n\r\n", false, Framing::None, 0, true},
      {"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n", false, Framing::None, 0, true},
      {"HTTP/1.1 101 Switching Protocols\r\nContent-Length: 5\r\n\r\n", false, Framing::None, 0, true},
      {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", false, Framing::Length, 5, false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n", false, Framing::Length, 5,
       true},
      {"HTTP/1.0 200 OK\r\n\r\n", false, Framing::UntilClose, 0, false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.bytes, c.to_head);
    const auto read = read_response(c.bytes, {.to_head_request = c.to_head});
    CAPTURE(read.refusal ? read.refusal->detail : "");
    REQUIRE_FALSE(read.refusal.has_value());
    CHECK(read.head.body.framing == c.framing);
    CHECK(read.head.body.length == c.length);
    CHECK(read.head.keep_alive == c.keep_alive);
    CHECK(gather(c.bytes, 1).size == c.bytes.size());
    CHECK(gather(c.bytes, c.bytes.size()).size == c.bytes.size());
  }
}

TEST_CASE("the parts of an answer are found") {
  struct Case {
    std::string line;
    int status;
    std::string reason;
  };
  for (const Case& c : std::vector<Case>{
           {"HTTP/1.1 404 Not Found", 404, "Not Found"},
           {"HTTP/1.1 599 ", 599, ""},
           {"HTTP/1.1 100", 100, ""},
           {"HTTP/1.0 200 O\xc3\x96\tK", 200, "O\xc3\x96\tK"},
       }) {
    CAPTURE(c.line);
    const std::string bytes = c.line + "\r\nA: b\r\n\r\n";
    const auto read = read_response(bytes);
    REQUIRE_FALSE(read.refusal.has_value());
    CHECK(read.head.status == c.status);
    CHECK(read.head.reason == c.reason);
    CHECK(read.head.fields.size() == 1);
  }
}

TEST_CASE("the timeout of Keep-Alive is read when it is a number") {
  struct Case {
    std::string value;
    std::optional<std::uint32_t> seconds;
  };
  for (const Case& c : std::vector<Case>{
           {"timeout=5", 5},
           {"max=100, Timeout = 72", 72},
           {"timeout=0", 0},
           {"timeout=", std::nullopt},
           {"timeout=-1", std::nullopt},
           {"timeout=9999999999", std::nullopt},
           {"max=5", std::nullopt},
           {"", std::nullopt},
       }) {
    CAPTURE(c.value);
    const std::string bytes = ok("Content-Length: 0\r\nKeep-Alive: " + c.value + "\r\n");
    const auto read = read_response(bytes);
    REQUIRE_FALSE(read.refusal.has_value());
    CHECK(read.head.keep_alive_s == c.seconds);
  }
}
