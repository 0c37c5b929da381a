// What llhttp has been fooled by, version after version: each published attack is refused here whichever
// llhttp is linked, because our own reading comes first. SECURITY.md says which rule stops which.
#include <string>
#include <string_view>
#include <vector>

#include "tests/http/reading.h"
#include "tests/support/catch.h"

using namespace limpet::http;
using namespace limpet::http::testing;

namespace {

const std::string kLine = "POST / HTTP/1.1\r\nHost: a\r\n";

struct Attack {
  std::string_view cve;
  std::string head;
  std::string_view rule;  // what the refusal names
};

// The whole head is shown to the search for its end as well: an attack may be stopped there, or by the
// parser.
std::string_view refusal_of(const std::string& bytes) {
  const Gathered gathered = gather(bytes, 1);
  if (gathered.found == HeadEnd::Found::Malformed) {
    return "a line is not ended by CR LF";
  }
  REQUIRE(gathered.found == HeadEnd::Found::Complete);
  const auto read = read_request(std::string_view(bytes).substr(0, gathered.size));
  return read.refusal ? read.refusal->detail : "";
}

}  // namespace

TEST_CASE("a head that has fooled llhttp is refused by a rule of our own") {
  const std::vector<Attack> attacks{
      {"CVE-2020-8201: CR in a name is read as a hyphen", kLine + "Content\rLength: 5\r\n\r\n",
       "a field name is not a token"},
      {"CVE-2020-8287: one of two codings counts",
       kLine + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked-false\r\n\r\n",
       "Content-Length or Transfer-Encoding is repeated"},
      {"CVE-2021-22959: space before the colon", kLine + "Content-Length : 5\r\n\r\n",
       "a field name is not a token"},
      {"CVE-2022-32213: a coding that ends in chunked", kLine + "Transfer-Encoding: chunkedchunked\r\n\r\n",
       "a Transfer-Encoding other than chunked alone"},
      {"CVE-2022-32213 by folding", kLine + "Transfer-Encoding: chunked\r\n abc\r\n\r\n",
       "a field line is folded or begins with white space"},
      {"CVE-2022-32214: LF ends a field", kLine + "Dummy: x\nContent-Length: 23\r\n\r\n",
       "a line is not ended by CR LF"},
      {"CVE-2022-32215: a coding in two lines", kLine + "Transfer-Encoding: chunked\r\n , identity\r\n\r\n",
       "a field line is folded or begins with white space"},
      {"CVE-2022-35256: LF ends an empty field", kLine + "x:\nTransfer-Encoding: chunked\r\n\r\n",
       "a line is not ended by CR LF"},
      {"CVE-2023-30589: CR ends an empty field", kLine + "x:\rTransfer-Encoding: chunked\r\n\r\n",
       "a field value has a control character"},
      {"CVE-2024-27982: space before the name", kLine + " Content-Length: 43\r\n\r\n",
       "a field line is folded or begins with white space"},
      {"CVE-2024-27982 in the first line of fields",
       "POST / HTTP/1.1\r\n Content-Length: 43\r\nHost: a\r\n\r\n",
       "a field line is folded or begins with white space"},
      {"CVE-2025-23167: CR X ends the head", kLine + "A: b\r\n\rX-Smuggled: yes\r\n\r\n",
       "a field name is not a token"},
  };
  for (const Attack& attack : attacks) {
    CAPTURE(attack.cve);
    CHECK(refusal_of(attack.head) == attack.rule);
  }
}

TEST_CASE("what has fooled llhttp in an answer is a bad answer") {
  const std::string line = "HTTP/1.1 200 OK\r\n";
  for (const std::string& fields :
       {std::string("Content-Length : 5\r\n\r\n"), std::string(" Content-Length: 5\r\n\r\n"),
        std::string("x:\rTransfer-Encoding: chunked\r\n\r\n"),
        std::string("x:\nTransfer-Encoding: chunked\r\n\r\n"),
        std::string("Transfer-Encoding: chunkedchunked\r\n\r\n"), std::string("A: b\r\n\rX: c\r\n\r\n"),
        std::string("Transfer-Encoding: chunked\r\n , identity\r\n\r\n")}) {
    CAPTURE(fields);
    const std::string bytes = line + fields;
    const auto read = read_response(bytes);
    REQUIRE(read.refusal.has_value());
    CHECK(read.refusal->reason == limpet::CloseReason::BadAnswer);
  }
}

TEST_CASE("a head whose blank line is cut short by CR X is not complete where llhttp saw its end") {
  // CVE-2025-23167: what stands behind "\r\n\r" is no body and no second request.
  const std::string bytes = kLine + "\rGET /admin HTTP/1.1\r\nHost: a\r\n\r\n";
  const Gathered gathered = gather(bytes, 1);
  CHECK(gathered.found == HeadEnd::Found::Complete);
  CHECK(gathered.size == bytes.size());
  CHECK(read_request(bytes).refusal.has_value());
}

TEST_CASE("a chunked body that has fooled llhttp is malformed") {
  struct Chunks {
    std::string_view cve;
    std::string body;
    std::string_view rule;
  };
  const std::vector<Chunks> attacks{
      {"CVE-2021-22960: a space and what follows is ignored", "5 ; a=b\r\nhello\r\n0\r\n\r\n",
       "a chunk size is not a hexadecimal number"},
      {"CVE-2021-22960: up to a CR", "2 \nxx\r\n4c\r\n0\r\n\r\n", "a chunk size is not a hexadecimal number"},
      {"CVE-2021-22960: in an extension, LF", "2;\nxx\r\n4c\r\n0\r\n\r\n", "a chunk extension is malformed"},
      {"CVE-2024-22019: extensions without end", "1;" + std::string(100'000, 'a'),
       "a chunk has too many bytes of extensions"},
  };
  for (const Chunks& attack : attacks) {
    CAPTURE(attack.cve);
    BodyFramer framer({.framing = Framing::Chunked});
    const auto piece = framer.next(attack.body);
    CHECK(piece.step == BodyFramer::Step::Malformed);
    CHECK(framer.fault() == attack.rule);
  }
}
