// An origin pattern and the value of an Origin field, either of them anything. What is taken is one origin
// and holds the pattern's host at its end; a pattern survives being printed.
//
// The input is the pattern up to the first line feed, and the value behind it.
#include <string>

#include "base/origin.h"
#include "base/text.h"
#include "tests/fuzz/pieces.h"

using namespace limpet;
using limpet::fuzz::claim;

namespace {

void claim_is_one_origin(std::string_view origin) {
  if (origin == "null") {
    return;
  }
  const std::size_t host = origin.find("://") + 3;
  claim(host > 3 && host < origin.size(), "an origin has a scheme and a host");
  claim(origin.find_first_of("/\\?#@,% \t\r\n*", host) == std::string_view::npos,
        "nothing else stands in it");
  claim(origin.find('\0') == std::string_view::npos, "nothing ends it early");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view origin = fuzz::as_text(data, size);
  const std::string_view text = take_until(origin, '\n');
  const auto pattern = OriginPattern::parse(text);
  if (!pattern.ok()) {
    claim(!pattern.error().detail.empty(), "a refusal says why");
    return 0;
  }
  const auto again = OriginPattern::parse(pattern->to_string());
  claim(again.ok() && *again == *pattern, "what is printed is read back");
  if (pattern->matches(origin)) {
    claim_is_one_origin(origin);
    claim(origin == "null" || pattern->matches(to_lower(origin)), "case does not matter");
  }
  const bool is_exact = text.find('*') == std::string_view::npos;
  claim(pattern->matches(text) == is_exact, "an exact origin takes itself, a wildcard does not");
  return 0;
}
