#include "affinity/opened_cookies.h"

#include "affinity/cookie_codec.h"
#include "tests/affinity/opened_cookie.h"
#include "tests/support/catch.h"

namespace limpet::affinity {
namespace {

using std::chrono::hours;

const WallTime kIssued{std::chrono::seconds(1'700'000'000)};

crypto::Key key_of(std::uint8_t byte) {
  crypto::Key key{};
  key.fill(byte);
  return key;
}

TEST_CASE("a cookie that was opened is known by its text, its pool and its codec, and by nothing less") {
  OpenedCookies opened;
  CHECK(opened.find(1, "chat", "text") == nullptr);
  opened.keep(1, "chat", "text", {.key = 7, .backend_name_hash = 8, .issued = kIssued});
  const auto* const known = opened.find(1, "chat", "text");
  REQUIRE(known != nullptr);
  CHECK(known->key == 7);
  CHECK(known->backend_name_hash == 8);
  CHECK(known->issued == kIssued);
  CHECK(opened.find(2, "chat", "text") == nullptr);
  CHECK(opened.find(1, "news", "text") == nullptr);
  CHECK(opened.find(1, "chat", "texu") == nullptr);
  CHECK(opened.find(1, "chat", "") == nullptr);
}

TEST_CASE("of more cookies than there is room for the last ones are known") {
  OpenedCookies opened;
  for (std::size_t i = 0; i < 10 * OpenedCookies::kMost; ++i) {
    opened.keep(1, "chat", std::to_string(i), {.key = i, .backend_name_hash = 0, .issued = kIssued});
    const auto* const known = opened.find(1, "chat", std::to_string(i));
    REQUIRE(known != nullptr);
    CHECK(known->key == i);
  }
  std::size_t left = 0;
  for (std::size_t i = 0; i < 10 * OpenedCookies::kMost; ++i) {
    const auto* const known = opened.find(1, "chat", std::to_string(i));
    CHECK((known == nullptr || known->key == i));
    left += known != nullptr ? 1U : 0U;
  }
  CHECK(left <= OpenedCookies::kMost);
}

TEST_CASE("a cookie that is known grows old as any other") {
  const CookieCodec codec({key_of(1)});
  const std::string value =
      codec.encode({.key_text = "00ff123456789abc", .backend_name_hash = 1, .issued = kIssued}, "chat");
  CHECK(test::content_of(codec, value, "chat", kIssued, hours(1)).has_value());
  CHECK(test::content_of(codec, value, "chat", kIssued + hours(1), hours(1)).has_value());
  const auto late = codec.open(value, "chat", kIssued + hours(2), hours(1));
  CHECK(std::get<CookieFault>(late) == CookieFault::Expired);
}

TEST_CASE("a cookie that one codec has opened is as strange to another as before") {
  const CookieCodec ours({key_of(1)});
  const std::string value =
      ours.encode({.key_text = "00ff123456789abc", .backend_name_hash = 1, .issued = kIssued}, "chat");
  CHECK(test::content_of(ours, value, "chat", kIssued, std::nullopt).has_value());
  const CookieCodec theirs({key_of(2)});
  CHECK_FALSE(test::content_of(theirs, value, "chat", kIssued, std::nullopt).has_value());
  CHECK_FALSE(test::content_of(ours, value, "news", kIssued, std::nullopt).has_value());
}

}  // namespace
}  // namespace limpet::affinity
