#include "http/second_opinion.h"

#include <string>
#include <vector>

#include "http/head_parser.h"
#include "tests/http/reading.h"
#include "tests/support/catch.h"

using namespace limpet::http;
using limpet::http::testing::read_request;

namespace {

// A request whose own reading is right but for what `change` does to it.
template <typename Change>
Fault opinion_after(const std::string& bytes, Change change) {
  const auto read = read_request(bytes);
  REQUIRE_FALSE(read.refusal.has_value());
  RequestFindings findings{.method = read.head.method,
                           .raw_target = read.head.target,
                           .version = read.head.version,
                           .fields = read.head.fields,
                           .body = read.head.body,
                           .asks_upgrade = read.head.asks_upgrade};
  change(findings);
  return second_opinion(bytes, findings);
}

const std::string kBytes =
    "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: Upgrade\r\nUpgrade: b\r\n\r\n";

}  // namespace

TEST_CASE("llhttp is built strict: it refuses targets that a loose build takes") {
  for (const std::string target : {"/\x80", "/\t", "/\x0c"}) {
    CAPTURE(target);
    const std::string bytes = "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
    Fields fields;
    fields.add({std::string_view(bytes).substr(bytes.find("Host"), 4),
                std::string_view(bytes).substr(bytes.find("a\r"), 1)});
    const RequestFindings findings{.method = "GET",
                                   .raw_target = std::string_view(bytes).substr(4, target.size()),
                                   .version = Version::Http11,
                                   .fields = fields,
                                   .body = {},
                                   .asks_upgrade = false};
    CHECK_FALSE(second_opinion(bytes, findings).empty());
  }
}

TEST_CASE("two readings that agree are accepted") {
  CHECK(opinion_after(kBytes, [](RequestFindings&) {}).empty());
}

TEST_CASE("a reading that differs in anything is refused") {
  const std::string other = kBytes;
  CHECK_FALSE(opinion_after(kBytes, [](RequestFindings& f) { f.method = "GET"; }).empty());
  CHECK_FALSE(opinion_after(kBytes, [](RequestFindings& f) { f.raw_target.remove_suffix(1); }).empty());
  CHECK_FALSE(opinion_after(kBytes, [&](RequestFindings& f) { f.raw_target = other.substr(5, 2); }).empty());
  CHECK_FALSE(opinion_after(kBytes, [](RequestFindings& f) { f.version = Version::Http10; }).empty());
  CHECK_FALSE(opinion_after(kBytes, [](RequestFindings& f) { f.body.length = 4; }).empty());
  CHECK_FALSE(opinion_after(kBytes, [](RequestFindings& f) { f.body.framing = Framing::None; }).empty());
  CHECK_FALSE(opinion_after(kBytes, [](RequestFindings& f) { f.body.framing = Framing::Chunked; }).empty());
  CHECK_FALSE(opinion_after(kBytes, [](RequestFindings& f) { f.asks_upgrade = false; }).empty());
}

TEST_CASE("a reading with one field more, less or elsewhere is refused") {
  const auto read = read_request(kBytes);
  REQUIRE_FALSE(read.refusal.has_value());
  const auto opinion_with = [&](const Fields& fields) {
    return second_opinion(kBytes, RequestFindings{.method = read.head.method,
                                                  .raw_target = read.head.target,
                                                  .version = read.head.version,
                                                  .fields = fields,
                                                  .body = read.head.body,
                                                  .asks_upgrade = true});
  };
  Fields more = read.head.fields;
  more.add({"A", "b"});
  CHECK_FALSE(opinion_with(more).empty());
  CHECK_FALSE(opinion_with(Fields{}).empty());
  Fields elsewhere;
  for (const Field& field : read.head.fields) {
    elsewhere.add({field.name, field.value.substr(1)});
  }
  CHECK_FALSE(opinion_with(elsewhere).empty());
}

TEST_CASE("an answer whose status or framing is read in two ways is refused") {
  const std::string bytes = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
  ResponseHead head;
  REQUIRE_FALSE(parse_response(bytes, {}, {}, head).has_value());
  const auto opinion = [&](int status, std::uint64_t length) {
    return second_opinion(bytes,
                          ResponseFindings{.status = status,
                                           .version = Version::Http11,
                                           .fields = head.fields,
                                           .declared = {.framing = Framing::Length, .length = length}});
  };
  CHECK(opinion(200, 3).empty());
  CHECK_FALSE(opinion(201, 3).empty());
  CHECK_FALSE(opinion(200, 4).empty());
}

// All are within RFC 9110 and nobody sends them: not worth a difference between readers.
TEST_CASE("what llhttp reads otherwise is refused even where the standard is on our side") {
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (const std::string fields : {"Content-Length: 1\t\r\n", "Connection: Upgrade\t, x\r\nUpgrade: a\r\n",
                                   "Connection: Upgrade\r\nUpgrade:\r\n"}) {
    CAPTURE(fields);
    const std::string bytes = start + fields + "\r\n";
    CHECK(read_request(bytes).refusal.has_value());
  }
}
