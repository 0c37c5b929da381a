#include "http/body_framer.h"

#include <string>
#include <vector>

#include "tests/http/reading.h"
#include "tests/support/catch.h"

using namespace limpet::http;
using limpet::http::testing::read_body;
using limpet::http::testing::ReadBody;
using Step = BodyFramer::Step;

namespace {

constexpr BodyPlan kChunked{.framing = Framing::Chunked};
constexpr BodyPlan kUntilClose{.framing = Framing::UntilClose};

constexpr BodyPlan of_length(std::uint64_t length) {
  return {.framing = Framing::Length, .length = length};
}

// The answer for every segmentation, which must not depend on it.
ReadBody read_any_way(BodyPlan plan, const std::string& bytes) {
  ReadBody whole = read_body(plan, bytes, bytes.size() + 1);
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    CAPTURE(step);
    CHECK(read_body(plan, bytes, step) == whole);
  }
  return whole;
}

struct Good {
  BodyPlan plan;
  std::string bytes;
  std::string data;
  std::string spare;  // belongs to the next message
  std::string trailers;
};

std::string lines(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += "A: b\r\n";
  }
  return text;
}

}  // namespace

TEST_CASE("a body ends exactly where its framing says, however it is cut") {
  const std::vector<Good> cases{
      {{}, "next", "", "next", ""},
      {of_length(0), "next", "", "next", ""},
      {of_length(4), "bodynext", "body", "next", ""},
      {of_length(4), "body", "body", "", ""},
      {kChunked, "0\r\n\r\n", "", "", ""},
      {kChunked, "0\r\n\r\nnext", "", "next", ""},
      {kChunked, "4\r\nbody\r\n0\r\n\r\nGET", "body", "GET", ""},
      {kChunked, "1\r\na\r\n1\r\nb\r\n000\r\n\r\n", "ab", "", ""},
      {kChunked, "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789", "", ""},
      {kChunked, "00000000000000f\r\n0123456789abcde\r\n0\r\n\r\n", "0123456789abcde", "", ""},
      {kChunked, "2\r\n\r\n\r\n0\r\n\r\n", "\r\n", "", ""},
      {kChunked, "1;a\r\nx\r\n0;b=c;d=\"e;\\\"f\t\xe9\"\r\n\r\n", "x", "", ""},
      {kChunked, "0\r\nA: b\r\nC:d\r\n\r\nnext", "", "next", "A: b\r\nC:d\r\n"},
      {kChunked, "0\r\nX-Checksum: 12\r\n\r\n", "", "", "X-Checksum: 12\r\n"},
      {kChunked, "0\r\n" + lines(64) + "\r\n", "", "", lines(64)},
  };
  for (const Good& c : cases) {
    CAPTURE(c.bytes);
    const ReadBody read = read_any_way(c.plan, c.bytes);
    CHECK(read.step == Step::Done);
    CHECK(read.data == c.data);
    CHECK(read.consumed == c.bytes.size() - c.spare.size());
    CHECK(read.trailers == c.trailers);
    CHECK(read.fault.empty());
  }
}

TEST_CASE("a chunked body that breaks a rule is malformed, however it is cut") {
  const std::vector<std::string> cases{
      "\r\n",
      "x\r\n",
      "g\r\n",
      "-1\r\n",
      "+1\r\nx\r\n",
      "0x1\r\nx\r\n",
      " 1\r\nx\r\n",
      "1 \r\nx\r\n",
      "1\t\r\nx\r\n",
      "1_0\r\n",
      ";a\r\n",
      "1,1\r\n",
      "1\nx\r\n",
      "1\rx\r\n",
      "1\r\r\nx",
      "1\r\nxy",
      "1\r\nx\n",
      "1\r\nx\r\r\n",
      "1\r\nx0\r\n\r\n",
      "1\r\nx\r\n\r\n",
      "2\r\nx\r\n0\r\n\r\n",
      "0000000000000001\r\n",
      "fffffffffffffffff\r\n",
      "1;\r\nx",
      "1; a\r\nx",
      "1 ;a\r\nx",
      "1;a b\r\nx",
      "1;a=\r\nx",
      "1;a=b=c\r\nx",
      "1;a;;b\r\nx",
      "1;=b\r\nx",
      "1;a=\"b\r\nx",
      "1;a=\"b\"c\r\nx",
      "1;a=\"b\rc\"\r\nx",
      "1;a=\"b\nc\"\r\nx",
      "1;a=\"\x01\"\r\nx",
      "1;a=\"\\\x01\"\r\nx",
      "1;a\nb\r\nx",
      "1;a\rb\r\nx",
      std::string("1;a\0\r\nx", 7),
      "1;\xe9\r\nx",
      "1;" + std::string(256, 'a') + "\r\nx",
      "0\r\nA : b\r\n\r\n",
      "0\r\n A: b\r\n\r\n",
      "0\r\nA: b\r\n c\r\n\r\n",
      "0\r\nA\r\n\r\n",
      "0\r\n: b\r\n\r\n",
      "0\r\nA: b\n\r\n",
      "0\r\nA: b\rc\r\n\r\n",
      std::string("0\r\nA: \0\r\n\r\n", 11),
      "0\r\n\n",
      "0\r\nA: b\r\n\n",
      "0\r\n" + lines(65) + "\r\n",
      "0\r\nA: " + std::string(8192, 'a') + "\r\n\r\n",
  };
  for (const std::string& bytes : cases) {
    CAPTURE(bytes);
    const ReadBody read = read_any_way(kChunked, bytes);
    CHECK(read.step == Step::Malformed);
    CHECK_FALSE(read.fault.empty());
    CHECK(read.trailers.empty());
  }
}

TEST_CASE("a trailer that would change what has passed is refused") {
  for (const std::string name : {"Content-Length",
                                 "Transfer-Encoding",
                                 "Host",
                                 "Connection",
                                 "Trailer",
                                 "TE",
                                 "Upgrade",
                                 "Cookie",
                                 "Set-Cookie",
                                 "Authorization",
                                 "Proxy-Authorization",
                                 "Content-Encoding",
                                 "Content-Type",
                                 "Content-Range",
                                 "Keep-Alive",
                                 "Forwarded",
                                 "X-Forwarded-For",
                                 "x-forwarded-anything",
                                 "X_Forwarded_For",
                                 "content_length",
                                 "Sec-WebSocket-Key",
                                 "Expect"}) {
    CAPTURE(name);
    const ReadBody read = read_any_way(kChunked, "0\r\n" + name + ": 1\r\n\r\n");
    CHECK(read.step == Step::Malformed);
  }
}

TEST_CASE("a body that is not complete asks for more") {
  for (const std::string bytes : {"", "1", "1\r", "1\r\n", "1\r\nx", "1\r\nx\r", "1\r\nx\r\n", "0", "0\r\n",
                                  "0\r\n\r", "0\r\nA: b\r\n", "1;a", "1;a=\"b"}) {
    CAPTURE(bytes);
    CHECK(read_any_way(kChunked, bytes).step == Step::NeedMore);
  }
  CHECK(read_any_way(of_length(5), "body").step == Step::NeedMore);
}

TEST_CASE("only a body without framing is completed by the end of the stream") {
  CHECK(BodyFramer(kUntilClose).complete_at_end());
  CHECK(BodyFramer(BodyPlan{}).complete_at_end());
  CHECK(BodyFramer(of_length(0)).complete_at_end());
  CHECK_FALSE(BodyFramer(of_length(1)).complete_at_end());
  CHECK_FALSE(BodyFramer(kChunked).complete_at_end());
}

TEST_CASE("a body until the end of the stream takes every byte and is never done") {
  const ReadBody read = read_any_way(kUntilClose, "all\r\n0\r\n\r\nof it");
  CHECK(read.step == Step::NeedMore);
  CHECK(read.data == "all\r\n0\r\n\r\nof it");
}

TEST_CASE("a body of known length is done with its last byte, not at the next call") {
  BodyFramer framer(of_length(2));
  REQUIRE(framer.next("a").step == Step::Data);
  CHECK_FALSE(framer.done());
  REQUIRE(framer.next("b").step == Step::Data);
  CHECK(framer.done());
}

TEST_CASE("data is a view into the input") {
  const std::string bytes = "4\r\nbody\r\n";
  BodyFramer framer(kChunked);
  const auto piece = framer.next(bytes);
  REQUIRE(piece.step == Step::Data);
  CHECK(piece.data.data() == bytes.data() + 3);
  CHECK(piece.consumed == 7);
}

TEST_CASE("nothing is read after a malformed body") {
  BodyFramer framer(kChunked);
  REQUIRE(framer.next("x").step == Step::Malformed);
  const auto piece = framer.next("0\r\n\r\n");
  CHECK(piece.step == Step::Malformed);
  CHECK(piece.consumed == 0);
}

TEST_CASE("what append_chunk writes is what BodyFramer reads") {
  std::string bytes;
  append_chunk(bytes, "hello, ");
  append_chunk(bytes, std::string(300, 'x'));
  append_last_chunk(bytes, "A: b\r\n");
  CHECK(bytes.starts_with("7\r\nhello, \r\n12c\r\n"));
  const ReadBody read = read_body(kChunked, bytes, 7);
  CHECK(read.step == Step::Done);
  CHECK(read.data == "hello, " + std::string(300, 'x'));
  CHECK(read.trailers == "A: b\r\n");
}
