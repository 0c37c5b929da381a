#include "base/number.h"

#include <cstdint>

#include "tests/support/catch.h"

using namespace limpet;

TEST_CASE("numbers are decimal, whole and within 64 bits") {
  CHECK(whole_number<std::uint64_t>("0") == 0U);
  CHECK(whole_number<std::uint64_t>("18446744073709551615") == UINT64_MAX);
  for (const auto* const bad : {"", "-1", "+1", " 1", "1 ", "1x", "0x1", "18446744073709551616"}) {
    INFO(bad);
    CHECK_FALSE(whole_number<std::uint64_t>(bad));
  }
  CHECK(whole_number<std::uint16_t>("65535") == UINT16_MAX);
  CHECK_FALSE(whole_number<std::uint16_t>("65536"));
}
