#include "proxy/request_id.h"

#include <set>
#include <vector>

#include "tests/support/catch.h"

using namespace limpet;
using namespace limpet::proxy;

namespace {

std::string_view given(const std::vector<http::Field>& list) {
  http::Fields fields;
  for (const http::Field& field : list) {
    fields.add(field);
  }
  return given_request_id(fields);
}

}  // namespace

TEST_CASE("a proxy's name for a request counts when it is one token of bounded length") {
  const std::string longest(kMostRequestIdBytes, 'a');
  for (const std::string_view good : {"a", "7f3a-22.b_9", "550e8400-e29b-41d4-a716-446655440000"}) {
    CHECK(given({{"X-Request-Id", good}}) == good);
    CHECK(given({{"Host", "example"}, {"x-request-ID", good}, {"Accept", "text/html"}}) == good);
  }
  CHECK(given({{"X-Request-Id", longest}}) == longest);
  CHECK(given({{"X-Request-Id", longest + "a"}}).empty());
  for (const std::string_view bad : {"", "two words", "a,b", "a=b", "\"a\"", "a\tb", "h\xC3\xA4", "{}"}) {
    INFO(bad);
    CHECK(given({{"X-Request-Id", bad}}).empty());
  }
}

TEST_CASE("two names for one request are none") {
  CHECK(given({}).empty());
  CHECK(given({{"X-Request-Id", "a"}, {"X-Request-Id", "a"}}).empty());
  CHECK(given({{"X-Request-Id", "a"}, {"x-request-id", ""}}).empty());
  CHECK(given({{"X-Request-Id", ""}, {"x-request-id", "a"}}).empty());
}

TEST_CASE("a name that is made is 128 bits in hexadecimal, and no other is like it") {
  constexpr int kMany = 1000;
  RequestIds ids;
  std::set<std::string> made;
  for (int i = 0; i < kMany; ++i) {
    const std::string text = ids.make().text();
    CHECK(text.size() == 32);
    CHECK(text.find_first_not_of("0123456789abcdef") == std::string::npos);
    made.insert(text);
  }
  CHECK(made.size() == kMany);
}

TEST_CASE("a name that is given stays as it is") {
  RequestId id{std::string_view("edge-1")};
  RequestId::Hex hex;
  CHECK(id.text(hex) == "edge-1");
  const RequestId moved = std::move(id);
  CHECK(moved.text() == "edge-1");
}
