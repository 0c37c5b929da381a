#include "affinity/short_text.h"

#include <string>

#include "tests/support/catch.h"

namespace limpet::affinity {
namespace {

TEST_CASE("texts of every length up to the bound are kept as they are, whatever was there before") {
  ShortText text;
  CHECK(text.view().empty());
  for (const std::size_t size : {0U, 1U, 38U, 39U, 40U, 64U, 255U, 10U, 41U, 0U, 39U}) {
    const std::string expected(size, static_cast<char>('a' + size % 26));
    text.assign(expected);
    CHECK(text.view() == expected);
  }
}

}  // namespace
}  // namespace limpet::affinity
