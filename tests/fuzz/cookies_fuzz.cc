// Cookies: what is cut is gone, what is not cut stays.
#include <string>

#include "http/cookies.h"
#include "tests/fuzz/pieces.h"

using namespace limpet::http;
using limpet::fuzz::claim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = limpet::fuzz::as_text(data, size);
  constexpr std::string_view kName = "limpet";
  constexpr std::string_view kOther = "a";
  Fields before;
  before.add({"Cookie", input});
  const auto values = cookie_values(before, kName);
  claim(has_cookie(input, kName) == !values.empty(), "a cookie is there when it has a value");

  const std::string left = without_cookie(input, kName).value_or("");
  Fields after;
  after.add({"Cookie", left});
  claim(cookie_values(after, kName).empty(), "what is cut is gone");
  claim(cookie_values(after, kOther) == cookie_values(before, kOther), "what is not cut stays");
  claim(left.size() <= 2 * input.size(), "what is left is no longer than the separators make it");
  claim(without_cookie(left, kName).value_or("") == left, "cutting again changes nothing");
  return 0;
}
