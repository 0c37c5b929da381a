#include "base/hex.h"

#include <array>
#include <string>

#include "tests/support/catch.h"

using namespace limpet;

TEST_CASE("bytes are written as digits and read back, in either case") {
  constexpr std::array<std::uint8_t, 4> kBytes{0x00, 0x9a, 0xbf, 0xff};
  std::string digits(8, '?');
  write_hex(kBytes, digits.data());
  CHECK(digits == "009abfff");
  std::array<std::uint8_t, 4> read{};
  CHECK(read_hex(digits, read));
  CHECK(read == kBytes);
  CHECK(read_hex("009AbFFf", read));
  CHECK(read == kBytes);
}

TEST_CASE("what is not two digits a byte is refused") {
  std::array<std::uint8_t, 2> read{};
  for (const std::string digits : {"", "0", "000", "00000", "000g", "g000", "0x00", " 000", "+000", "00:0"}) {
    INFO(digits);
    CHECK_FALSE(read_hex(digits, read));
  }
  CHECK(read_hex("", std::span(read).first(0)));
}
