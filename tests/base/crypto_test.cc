#include "base/crypto.h"

#include "base/text.h"
#include "tests/support/catch.h"

using namespace limpet;

namespace {

crypto::Key key_of(std::uint8_t fill) {
  crypto::Key key;
  key.fill(fill);
  return key;
}

}  // namespace

TEST_CASE("SHA-1 and Base64 agree with RFC 3174 and RFC 4648") {
  CHECK(hex(crypto::sha1("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  const std::string text = "foob";
  const crypto::Bytes bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  CHECK(crypto::base64(bytes) == "Zm9vYg==");
  CHECK(crypto::base64url(bytes) == "Zm9vYg");
  CHECK(crypto::from_base64("Zm9vYg==") == text);
}

TEST_CASE("only one spelling of Base64 text is accepted") {
  CHECK_FALSE(crypto::from_base64url("Zm9vYh").has_value());  // spare bits set
  CHECK_FALSE(crypto::from_base64url("Zm9vYg==").has_value());
  CHECK_FALSE(crypto::from_base64url("Zm9vY").has_value());
  CHECK_FALSE(crypto::from_base64("Zm9vYg=").has_value());
  CHECK_FALSE(crypto::from_base64("Zm9v\nYg=").has_value());
}

TEST_CASE("what was sealed opens with the same key and context alone") {
  const std::string sealed = crypto::seal(key_of(1), "secret", "pool a");
  CHECK(crypto::open(key_of(1), sealed, "pool a") == "secret");
  CHECK_FALSE(crypto::open(key_of(2), sealed, "pool a").has_value());
  CHECK_FALSE(crypto::open(key_of(1), sealed, "pool b").has_value());
  CHECK_FALSE(crypto::open(key_of(1), sealed.substr(1), "pool a").has_value());
  CHECK_FALSE(crypto::open(key_of(1), "", "pool a").has_value());
}

TEST_CASE("a sealed text with one changed bit does not open") {
  const std::string sealed = crypto::seal(key_of(1), "secret", "");
  for (std::size_t i = 0; i < sealed.size() * 8; ++i) {
    std::string changed = sealed;
    changed[i / 8] = static_cast<char>(changed[i / 8] ^ (1 << (i % 8)));
    REQUIRE_FALSE(crypto::open(key_of(1), changed, "").has_value());
  }
}

TEST_CASE("sealing twice gives two texts") {
  CHECK(crypto::seal(key_of(1), "secret", "") != crypto::seal(key_of(1), "secret", ""));
}

TEST_CASE("two secrets are the same only byte for byte") {
  using namespace std::string_literals;
  const std::string secret = "0123456789abcdef";
  CHECK(crypto::same_secret(secret, "0123456789abcdef"));
  CHECK(crypto::same_secret("", ""));
  for (const std::string& other : {""s, "0123456789abcde"s, "0123456789abcdef0"s, "0123456789abcdeF"s,
                                   "0123456789abcdef\0"s, "x123456789abcdef"s}) {
    INFO(other);
    CHECK_FALSE(crypto::same_secret(secret, other));
    CHECK_FALSE(crypto::same_secret(other, secret));
  }
}
