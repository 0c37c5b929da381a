#include "base/percent.h"

#include "tests/support/catch.h"

using namespace limpet;

TEST_CASE("percent signs are decoded and broken ones refused") {
  CHECK(percent_decode("a%2Fb%20") == "a/b ");
  CHECK(percent_decode("") == "");
  for (const auto* const broken : {"%", "%2", "a%zz", "%+1", "%-1", "% 1"}) {
    INFO(broken);
    CHECK_FALSE(percent_decode(broken));
  }
}

TEST_CASE("everything but unreserved characters is encoded") {
  CHECK(percent_encode("a/b c?\xc3\xa9~") == "a%2Fb%20c%3F%C3%A9~");
}
