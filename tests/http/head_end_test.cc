#include <string>
#include <vector>

#include "tests/http/reading.h"
#include "tests/support/catch.h"

using namespace limpet::http;
using limpet::http::testing::gather;
using Found = HeadEnd::Found;

namespace {

struct Case {
  std::string bytes;
  Found found;
  std::size_t size;
};

const std::vector<Case> kCases{
    {"", Found::NotYet, 0},
    {"GET / HTTP/1.1", Found::NotYet, 0},
    {"GET / HTTP/1.1\r\n", Found::NotYet, 0},
    {"GET / HTTP/1.1\r\nA: b\r\n\r", Found::NotYet, 0},
    {"GET / HTTP/1.1\r\nA: b\r\n\r\n", Found::Complete, 24},
    {"GET / HTTP/1.1\r\nA: b\r\n\r\nbody\r\n\r\n", Found::Complete, 24},
    {"\r\nGET / HTTP/1.1\r\n\r\nx", Found::Complete, 20},
    {"\r\n\r\nGET /", Found::Complete, 4},  // the parser refuses these four bytes
    {"a\r\n\r\n", Found::Complete, 5},
    {"\n", Found::Malformed, 0},
    {"a\n", Found::Malformed, 0},
    {"GET / HTTP/1.1\nHost: a\r\n\r\n", Found::Malformed, 0},
    {"GET / HTTP/1.1\r\nA: b\n\r\n", Found::Malformed, 0},
    {"GET / HTTP/1.1\r\nA: b\r\n\n", Found::Malformed, 0},
};

}  // namespace

TEST_CASE("the end of a head is found wherever the bytes were cut") {
  for (const Case& c : kCases) {
    for (std::size_t step = 1; step <= c.bytes.size() + 1; ++step) {
      CAPTURE(c.bytes, step);
      const auto gathered = gather(c.bytes, step);
      CHECK(gathered.found == c.found);
      CHECK(gathered.size == c.size);
    }
  }
}

TEST_CASE("a reset head end finds the next head") {
  const std::string bytes = "a\r\n\r\n";
  HeadEnd end;
  REQUIRE(end.look(bytes) == Found::Complete);
  end.reset();
  CHECK(end.look(bytes.substr(0, 4)) == Found::NotYet);
  CHECK(end.look(bytes) == Found::Complete);
}
