#include "sharing/load_report.h"

#include <string>

#include "tests/support/catch.h"

namespace limpet::sharing {
namespace {

const std::string kNode = "0123456789abcdef";

TEST_CASE("a report says what was written") {
  const LoadReport report{.node = kNode,
                          .items = {{"chat", "10.0.0.1:3000", 7}, {"default", "a b:|%", 4'294'967'295U}}};
  CHECK(write_report(report) == "1 " + kNode + " chat:10.0.0.1%3A3000:7 default:a%20b%3A%7C%25:4294967295");
  CHECK(read_report(write_report(report)) == report);
  const LoadReport empty{.node = kNode, .items = {}};
  CHECK(read_report(write_report(empty)) == empty);
}

TEST_CASE("what is no report says nothing") {
  const std::string rest =
      GENERATE(as<std::string>(), "", "2 0123456789abcdef a:b:1", "1 0123456789abcde a:b:1",
               "1 0123456789ABCDEF a:b:1", "1 0123456789abcdef a:b",
               "1 0123456789abcdef a:b:", "1 0123456789abcdef a:b:-1", "1 0123456789abcdef a:b:4294967296",
               "1 0123456789abcdef :b:1", "1 0123456789abcdef a::1",
               "1 0123456789abcdef a:b:1:", "1 0123456789abcdef  a:b:1", "1 0123456789abcdef a:%2:1",
               "1 0123456789abcdef a:b:1x");
  CAPTURE(rest);
  CHECK_FALSE(read_report(rest));
}

TEST_CASE("a report that goes on and on is refused") {
  LoadReport report{.node = kNode, .items = {}};
  report.items.assign(kMostLoadItems, {"a", "b", 1});
  CHECK(read_report(write_report(report)) == report);
  report.items.push_back({"a", "b", 1});
  CHECK_FALSE(read_report(write_report(report)));
}

}  // namespace
}  // namespace limpet::sharing
