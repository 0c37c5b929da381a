#include <string>

#include "affinity/decide.h"
#include "tests/affinity/pool_story.h"
#include "tests/support/catch.h"

namespace limpet::affinity {
namespace {

using settings::AffinityBy;
using settings::AffinityFallback;
using settings::CookieSecure;
using std::chrono::hours;

TEST_CASE("a valid cookie gives its key and names its backend") {
  PoolStory story;
  story.bring_cookie_for_backend(2);
  const Identity identity = story.who();
  REQUIRE(identity.key);
  CHECK(identity.key->kind == KeyKind::Cookie);
  CHECK(identity.key->text == "00000000000000aa");
  CHECK(identity.cookie_backend == story.backend(2).name_hash);
  CHECK_FALSE(identity.key_is_new);
}

TEST_CASE("the first cookie that verifies counts, wherever it stands") {
  PoolStory story;
  story.bring_cookie_for_backend(2);
  story.send_cookie("limpet=forged; other=1; limpet=" + story.cookie_value(11, "game") +
                    "; limpet=" + story.cookie_value(22) + "; limpet=" + story.cookie_value(33));
  CHECK(story.who().cookie_backend == 22U);
}

TEST_CASE("without a valid cookie the client gets a new key each time") {
  PoolStory story;
  story.pool.rule.by = AffinityBy::Cookie;
  for (const std::string& cookies :
       {std::string(), std::string("limpet="), "limpet=" + story.cookie_value(1, "game"),
        "LIMPET=" + story.cookie_value(1)}) {
    story.send_cookie(cookies);
    const Identity identity = story.who();
    REQUIRE(identity.key);
    CHECK(identity.key->kind == KeyKind::Cookie);
    CHECK(identity.key_is_new);
    CHECK_FALSE(identity.cookie_backend);
    CHECK(identity.key->text != story.who().key->text);
  }
}

TEST_CASE("without a valid cookie a pool with a fallback knows the client by its address") {
  PoolStory story;
  story.pool.rule.by = AffinityBy::Cookie;
  story.pool.rule.fallback = AffinityFallback::ClientIp;
  const Identity identity = story.who();
  REQUIRE(identity.key);
  CHECK(identity.key->kind == KeyKind::ClientIp);
  CHECK(identity.key->text == "10.0.0.7");
  CHECK_FALSE(identity.key_is_new);
}

TEST_CASE("a cookie past max_age counts as none, past half of it it is aging") {
  PoolStory story;
  story.bring_cookie_for_backend(2);
  story.pool.rule.cookie.max_age = hours(2);
  CHECK_FALSE(story.who().cookie_is_aging);
  story.wall_now += hours(1) + Duration(1);
  CHECK(story.who().cookie_is_aging);
  CHECK(story.who().cookie_backend);
  story.wall_now += hours(1);
  CHECK_FALSE(story.who().cookie_backend);
  CHECK(story.who().key_is_new);
}

TEST_CASE("a cookie means nothing to a pool that keys on something else") {
  PoolStory story;
  story.bring_cookie_for_backend(2);
  story.pool.rule.by = AffinityBy::ClientIp;
  CHECK(story.who().key->text == "10.0.0.7");
  CHECK_FALSE(story.who().cookie_backend);
  story.pool.rule.by = AffinityBy::None;
  CHECK_FALSE(story.who().key);
}

TEST_CASE("a cookie that was set leads back to its key and backend") {
  PoolStory story;
  story.pool.rule.by = AffinityBy::Cookie;
  const Identity identity = story.who();
  const std::string field = cookie_for(story.pool, *identity.key, story.backend(3), false, story.wall_now);
  story.send_cookie(field.substr(0, field.find(';')));
  CHECK(story.who().key->text == identity.key->text);
  CHECK(story.who().cookie_backend == story.backend(3).name_hash);
}

TEST_CASE("the cookie of a client that was known by its address does not carry the address") {
  PoolStory story;
  story.pool.rule.by = AffinityBy::Cookie;
  story.pool.rule.fallback = AffinityFallback::ClientIp;
  const std::string field = cookie_for(story.pool, *story.who().key, story.backend(3), false, story.wall_now);
  story.send_cookie(field.substr(0, field.find(';')));
  CHECK(story.who().key->kind == KeyKind::Cookie);
  CHECK(story.who().key->text.size() == 16);
  CHECK(story.who().cookie_backend == story.backend(3).name_hash);
}

bool has_part(const std::string& field, const std::string& part) {
  return (field + ";").find("; " + part + ";") != std::string::npos;
}

TEST_CASE(
    "a cookie has the attributes of the rule, and is secure by itself only where the client came over TLS") {
  PoolStory story;
  story.pool.rule.by = AffinityBy::Cookie;
  settings::Cookie& rule = story.pool.rule.cookie;
  const auto field = [&](bool tls) {
    return cookie_for(story.pool, *story.who().key, story.backend(1), tls, story.wall_now);
  };
  CHECK(field(false).starts_with("limpet="));
  CHECK(has_part(field(false), "Path=/"));
  CHECK(has_part(field(false), "SameSite=Lax"));
  CHECK(has_part(field(false), "HttpOnly"));
  CHECK_FALSE(has_part(field(false), "Secure"));
  CHECK(has_part(field(true), "Secure"));
  CHECK(field(false).find("Max-Age") == std::string::npos);
  CHECK(field(false).find("Domain") == std::string::npos);
  rule.secure = CookieSecure::On;
  CHECK(has_part(field(false), "Secure"));
  rule.secure = CookieSecure::Off;
  CHECK_FALSE(has_part(field(true), "Secure"));
  rule.max_age = hours(2);
  rule.same_site = settings::SameSite::Strict;
  rule.domain = "example.com";
  rule.path = "/chat";
  rule.http_only = false;
  CHECK(has_part(field(false), "Max-Age=7200"));
  CHECK(has_part(field(false), "SameSite=Strict"));
  CHECK(has_part(field(false), "Domain=example.com"));
  CHECK(has_part(field(false), "Path=/chat"));
  CHECK_FALSE(has_part(field(false), "HttpOnly"));
}

}  // namespace
}  // namespace limpet::affinity
