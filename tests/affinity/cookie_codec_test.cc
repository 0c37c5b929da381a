#include "affinity/cookie_codec.h"

#include <set>
#include <string>

#include "tests/affinity/opened_cookie.h"
#include "tests/support/catch.h"

namespace limpet::affinity {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::content_of;

crypto::Key key_of(std::uint8_t byte) {
  crypto::Key key{};
  key.fill(byte);
  return key;
}

const WallTime kIssued{std::chrono::seconds(1'700'000'000)};
const CookieContent kContent{
    .key_text = "00ff123456789abc", .backend_name_hash = 0xfedcba9876543210ULL, .issued = kIssued};

TEST_CASE("a cookie gives back what was put in") {
  const CookieCodec codec({key_of(1)});
  const auto content = content_of(codec, codec.encode(kContent, "chat"), "chat", kIssued, std::nullopt);
  REQUIRE(content);
  CHECK(content->key_text == kContent.key_text);
  CHECK(content->backend_name_hash == kContent.backend_name_hash);
  CHECK(content->issued == kIssued);
}

TEST_CASE("a cookie shows nothing: two of the same content share no prefix, and all are of one length") {
  const CookieCodec codec({key_of(1)});
  const std::string one = codec.encode(kContent, "chat");
  const std::string two = codec.encode(kContent, "chat");
  CHECK(one.substr(0, 16) != two.substr(0, 16));
  CHECK(one.size() == two.size());
  CHECK(one.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
        std::string::npos);
}

TEST_CASE("a cookie with any byte altered counts as none") {
  const CookieCodec codec({key_of(1)});
  const std::string value = codec.encode(kContent, "chat");
  for (std::size_t i = 0; i < value.size(); ++i) {
    for (const char other : {'A', 'B', '_', '=', '\0', ' '}) {
      std::string altered = value;
      altered[i] = other;
      CHECK(content_of(codec, altered, "chat", kIssued, std::nullopt).has_value() == (altered == value));
    }
  }
}

TEST_CASE("a cookie cut short or made longer counts as none") {
  const CookieCodec codec({key_of(1)});
  const std::string value = codec.encode(kContent, "chat");
  for (std::size_t size = 0; size < value.size(); ++size) {
    CHECK_FALSE(content_of(codec, value.substr(0, size), "chat", kIssued, std::nullopt));
  }
  CHECK_FALSE(content_of(codec, value + "A", "chat", kIssued, std::nullopt));
  CHECK_FALSE(content_of(codec, "A" + value, "chat", kIssued, std::nullopt));
  CHECK_FALSE(content_of(codec, value + value, "chat", kIssued, std::nullopt));
}

TEST_CASE("a cookie of another pool or another key counts as none") {
  const CookieCodec codec({key_of(1)});
  const std::string value = codec.encode(kContent, "chat");
  CHECK_FALSE(content_of(codec, value, "game", kIssued, std::nullopt));
  CHECK_FALSE(content_of(codec, value, "", kIssued, std::nullopt));
  CHECK_FALSE(content_of(CookieCodec({key_of(2)}), value, "chat", kIssued, std::nullopt));
}

TEST_CASE("every key verifies, the first one seals") {
  const CookieCodec old_codec({key_of(1)});
  const CookieCodec rotated({key_of(2), key_of(1)});
  CHECK(content_of(rotated, old_codec.encode(kContent, "chat"), "chat", kIssued, std::nullopt));
  CHECK_FALSE(content_of(old_codec, rotated.encode(kContent, "chat"), "chat", kIssued, std::nullopt));
  CHECK(
      content_of(CookieCodec({key_of(2)}), rotated.encode(kContent, "chat"), "chat", kIssued, std::nullopt));
}

TEST_CASE("a cookie older than max_age counts as none, one from the future does not") {
  const CookieCodec codec({key_of(1)});
  const std::string value = codec.encode(kContent, "chat");
  CHECK(content_of(codec, value, "chat", kIssued + hours(1), hours(1)));
  CHECK_FALSE(content_of(codec, value, "chat", kIssued + hours(1) + milliseconds(1), hours(1)));
  CHECK(content_of(codec, value, "chat", kIssued + hours(24 * 365), std::nullopt));
  CHECK(content_of(codec, value, "chat", kIssued - hours(24), hours(1)));
}

TEST_CASE("new keys are 16 hex digits and differ") {
  std::set<std::string> keys;
  for (int i = 0; i < 1000; ++i) {
    const std::string text = CookieCodec::new_key_text();
    CHECK(text.size() == 16);
    CHECK(text.find_first_not_of("0123456789abcdef") == std::string::npos);
    keys.insert(text);
  }
  CHECK(keys.size() == 1000);
}

}  // namespace
}  // namespace limpet::affinity
