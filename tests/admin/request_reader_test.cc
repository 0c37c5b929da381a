#include "admin/request_reader.h"

#include "admin/parameters.h"
#include "tests/support/catch.h"

using namespace limpet;
using admin::RequestReader;
using Step = admin::RequestReader::Step;

namespace {

const admin::Access kAccess{.bound = {IpAddress::from_v4({127, 0, 0, 1}), 9900}};

constexpr std::string_view kTwoRequests =
    "PUT /a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    "GET /b HTTP/1.1\r\nHost: localhost\r\n\r\n";

}  // namespace

TEST_CASE("two requests are read the same whole and byte by byte") {
  const std::size_t piece = GENERATE(1U, 2U, 3U, 7U, 1000U);
  RequestReader reader(kAccess);
  std::vector<std::string> read;
  for (std::string_view rest = kTwoRequests; !rest.empty();) {
    reader.add(rest.substr(0, piece));
    rest.remove_prefix(std::min(piece, rest.size()));
    for (Step step = reader.next(); step == Step::Complete; step = reader.next()) {
      read.push_back(std::string(reader.request().target) + std::string(reader.body()));
    }
  }
  CHECK(read == std::vector<std::string>{"/a{}", "/b"});
  CHECK(reader.is_idle());
}

TEST_CASE("a reader is idle between requests only") {
  RequestReader reader(kAccess);
  CHECK(reader.is_idle());
  reader.add(kTwoRequests.substr(0, 10));
  CHECK(reader.next() == Step::NeedMore);
  CHECK_FALSE(reader.is_idle());
  reader.add(kTwoRequests.substr(10, kTwoRequests.find("{}") - 9));  // with half of the body
  CHECK(reader.next() == Step::NeedMore);
  CHECK_FALSE(reader.is_idle());
}

TEST_CASE("a head of exactly the limit is read and one byte more is not") {
  const std::string start = "GET / HTTP/1.1\r\nHost: localhost\r\nX: ";
  const std::size_t extra = GENERATE(0U, 1U);
  RequestReader reader(kAccess);
  const std::size_t filling = RequestReader::kHeadLimits.bytes - start.size() - 4 + extra;
  reader.add(start + std::string(filling, 'x') + "\r\n\r\n");
  CHECK(reader.next() == (extra == 0 ? Step::Complete : Step::Refused));
}
