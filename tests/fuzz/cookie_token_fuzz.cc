// The affinity cookie as a client may send it: anything. Nothing but what was sealed may ever open.
//
// The first three bytes say how a genuine cookie is altered (where, by what, how long the rest stays); the
// whole input is also tried as a cookie of its own.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "affinity/cookie_codec.h"
#include "tests/affinity/opened_cookie.h"
#include "tests/fuzz/pieces.h"

namespace {

using limpet::WallTime;
using limpet::affinity::CookieCodec;
using limpet::affinity::CookieContent;
using limpet::fuzz::claim;
using limpet::test::content_of;

constexpr std::size_t kChoices = 3;
const WallTime kIssued{std::chrono::seconds(1'700'000'000)};

const CookieCodec& codec() {
  static const CookieCodec made({limpet::crypto::Key{1}, limpet::crypto::Key{2}});
  return made;
}

const std::string& genuine_cookie() {
  static const std::string made =
      codec().encode({.key_text = "0123456789abcdef", .backend_name_hash = 42, .issued = kIssued}, "chat");
  return made;
}

void claim_only_genuine_opens(std::string_view value) {
  const std::optional<CookieContent> content =
      content_of(codec(), value, "chat", kIssued, std::chrono::hours(1));
  claim(content.has_value() == (value == genuine_cookie()), "what opens was sealed");
  claim(!content_of(codec(), value, "game", kIssued, std::nullopt), "a cookie is of one pool");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = limpet::fuzz::as_text(data, size);
  claim_only_genuine_opens(input);
  if (size >= kChoices) {
    std::string altered = genuine_cookie();
    altered[data[0] % altered.size()] = input[1];
    altered.resize(altered.size() - data[2] % 2);
    altered += input.substr(kChoices);
    claim_only_genuine_opens(altered);
  }
  return 0;
}
