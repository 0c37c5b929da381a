#include "sharing/resp_reader.h"

#include "tests/support/catch.h"

namespace limpet::sharing {
namespace {

using Kind = Reply::Kind;
using namespace std::string_literals;

struct Outcome {
  std::vector<Reply> replies;
  std::string error;  // empty = none
};

// Reads everything, fed in pieces of so many bytes.
Outcome read(std::string_view bytes, std::size_t piece) {
  RespReader reader;
  Outcome outcome;
  while (!bytes.empty() && outcome.error.empty()) {
    reader.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (;;) {
      auto next = reader.next();
      if (!next.ok()) {
        outcome.error = next.error().detail;
        CHECK(next.error().code == ErrorCode::Malformed);
        break;
      }
      if (!next->has_value()) {
        break;
      }
      outcome.replies.push_back(std::move(**next));
    }
  }
  return outcome;
}

Reply text(std::string bytes) {
  return {.kind = Kind::Text, .text = std::move(bytes)};
}

std::string bulk(std::size_t size) {
  return "$" + std::to_string(size) + "\r\n" + std::string(size, 'x') + "\r\n";
}

TEST_CASE("replies of every kind are read, in one piece and byte by byte") {
  const std::string bytes =
      "+OK\r\n-ERR "
      "no\r\n:-42\r\n$-1\r\n*-1\r\n$0\r\n\r\n$4\r\na\0\r\n\r\n*3\r\n:1\r\n*1\r\n+x\r\n$-1\r\n*0\r\n"s;
  const std::vector<Reply> expected{
      {.kind = Kind::Status, .text = "OK"},
      {.kind = Kind::Error, .text = "ERR no"},
      {.kind = Kind::Integer, .integer = -42},
      {},
      {},
      text(""),
      text(std::string("a\0\r\n", 4)),
      {.kind = Kind::Array,
       .elements = {{.kind = Kind::Integer, .integer = 1},
                    {.kind = Kind::Array, .elements = {{.kind = Kind::Status, .text = "x"}}},
                    {}}},
      {.kind = Kind::Array},
  };
  const auto piece = GENERATE(std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{1000});
  const Outcome outcome = read(bytes, piece);
  CHECK(outcome.error.empty());
  CHECK(outcome.replies == expected);
}

TEST_CASE("bytes that are no reply are an error, and nothing is read behind them") {
  const auto* const bytes =
      GENERATE("HTTP/1.1 400 Bad Request\r\n", "\r\n", "$abc\r\n", ":1x\r\n", "*-2\r\n", "$-2\r\n",
               "$99999999999999999999\r\n", "*99999999999999999999\r\n", "*2\r\n:1\r\n?\r\n",
               "%1\r\n+a\r\n+b\r\n", ",1.5\r\n", "#t\r\n", "_\r\n");
  INFO(bytes);
  const auto piece = GENERATE(std::size_t{1}, std::size_t{1000});
  const Outcome outcome = read(std::string(bytes) + "+OK\r\n", piece);
  CHECK_FALSE(outcome.error.empty());
  CHECK(outcome.replies.empty());
}

TEST_CASE("an error stays") {
  RespReader reader;
  reader.feed("?\r\n");
  REQUIRE_FALSE(reader.next().ok());
  reader.feed("+OK\r\n");
  CHECK_FALSE(reader.next().ok());
}

TEST_CASE("a string may have a MiB, and not a byte more") {
  CHECK(read(bulk(RespReader::kMostTextBytes), 65536).replies.size() == 1);
  CHECK_FALSE(read(bulk(RespReader::kMostTextBytes + 1), 65536).error.empty());
}

TEST_CASE("what never ends is given up when it has more bytes than a string may have") {
  const auto* const begin = GENERATE("$2147483647\r\n", "+", ":", "*", "$");
  RespReader reader;
  reader.feed(begin);
  const std::string more(65536, '1');
  int fed = 0;
  while (reader.next().ok() && fed < 100) {
    reader.feed(more);
    ++fed;
  }
  CHECK(fed < 20);
}

TEST_CASE("elements are bounded over the whole reply, before they are there") {
  CHECK_FALSE(read("*4097\r\n", 100).error.empty());
  CHECK_FALSE(read("*2147483647\r\n", 100).error.empty());
  std::string most = "*4096\r\n";
  for (std::size_t i = 0; i < RespReader::kMostElements; ++i) {
    most += ":1\r\n";
  }
  CHECK(read(most, 100).replies.size() == 1);
  CHECK(read("*2\r\n*4094\r\n", 100).error.empty());
  CHECK_FALSE(read("*2\r\n*4095\r\n", 100).error.empty());
  CHECK(read(most + most, 100).replies.size() == 2);
}

TEST_CASE("the text of one reply is bounded, and that of many is not") {
  const std::string piece = bulk(RespReader::kMostTextBytes);
  const std::string two = "*2\r\n" + piece + piece;
  CHECK(read(two + two + two, 1 << 20).replies.size() == 3);
  CHECK(read("*5\r\n" + piece + piece + piece + piece + "$0\r\n\r\n", 1 << 20).replies.size() == 1);
  CHECK_FALSE(read("*5\r\n" + piece + piece + piece + piece + "$1\r\nx\r\n", 1 << 20).error.empty());
}

TEST_CASE("arrays nest seven deep and no deeper") {
  const auto nested = [](std::size_t depth) {
    std::string bytes;
    for (std::size_t i = 0; i < depth; ++i) {
      bytes += "*1\r\n";
    }
    return bytes + ":1\r\n";
  };
  CHECK(read(nested(RespReader::kMostDepth), 1).replies.size() == 1);
  CHECK_FALSE(read(nested(RespReader::kMostDepth + 1), 1).error.empty());
}

TEST_CASE("a command is an array of strings of any bytes") {
  std::string out = "before";
  append_command(out, std::vector<std::string_view>{"SET", std::string_view("a\0b", 3), ""});
  CHECK(out == "before*3\r\n$3\r\nSET\r\n$3\r\na\0b\r\n$0\r\n\r\n"s);
}

}  // namespace
}  // namespace limpet::sharing
