#include "settings/redis_url.h"

#include "tests/support/catch.h"

namespace limpet::settings {
namespace {

RedisUrl parsed(std::string_view text) {
  auto url = RedisUrl::parse(text);
  INFO(text << ": " << (url.ok() ? "" : url.error().detail));
  REQUIRE(url.ok());
  return std::move(url).value();
}

std::string refusal(std::string_view text) {
  const auto url = RedisUrl::parse(text);
  INFO(text);
  REQUIRE_FALSE(url.ok());
  return url.error().detail;
}

TEST_CASE("a host alone is a Redis on its usual port, without password, in database 0") {
  const RedisUrl url = parsed("redis://cache.example.com");
  CHECK(url == RedisUrl{.servers = {{"cache.example.com", 6379, {}}}});
  CHECK_FALSE(url.is_sentinel());
}

TEST_CASE("every part of a URL is read") {
  const RedisUrl url = parsed("rediss://limpet:s3cret@[2001:db8::7]:7000/12");
  CHECK(url == RedisUrl{.tls = true,
                        .user = "limpet",
                        .password = "s3cret",
                        .servers = {{"2001:db8::7", 7000, {}}},
                        .db = 12});
  CHECK(parsed("redis://:only-password@h/").password == "only-password");
  CHECK(parsed("redis://:only-password@h/").user.empty());
}

TEST_CASE("user and password are percent-decoded, whatever bytes they have") {
  const RedisUrl url = parsed("redis://a%3Ab:p%40ss%2F%00%25@h");
  CHECK(url.user == "a:b");
  CHECK(url.password == std::string("p@ss/\0%", 7));
}

TEST_CASE("Sentinels are a list, and the master has a name") {
  const RedisUrl url = parsed("redis+sentinel://:pw@s1,s2:5000,[::1]/my-master.1/3");
  CHECK(url.servers == std::vector<Endpoint>{{"s1", 26379, {}}, {"s2", 5000, {}}, {"::1", 26379, {}}});
  CHECK(url.master == "my-master.1");
  CHECK(url.db == 3);
  CHECK(parsed("rediss+sentinel://s1/m").tls);
}

TEST_CASE("a Unix socket is a path, with its database behind a question mark") {
  CHECK(parsed("redis+unix:///run/redis.sock").servers.front().path == "/run/redis.sock");
  const RedisUrl url = parsed("redis+unix://u:p@/run/redis.sock?db=4");
  CHECK(url.user == "u");
  CHECK(url.db == 4);
}

TEST_CASE("what is wrong with a URL is told, with the remedy") {
  const auto [text, told] = GENERATE(table<std::string, std::string>({
      {"", "must begin with redis://"},
      {"http://h", "must begin with redis://"},
      {"redis:h", "must begin with redis://"},
      {"redis://", "a host is missing"},
      {"redis:///0", "a host is missing"},
      {"redis://h:0", "port must be a number from 1 to 65535"},
      {"redis://h:65536", "port must be a number from 1 to 65535"},
      {"redis://h:", "port must be a number from 1 to 65535"},
      {"redis://::1", "IPv6 address in brackets"},
      {"redis://[::1", "IPv6 address in brackets"},
      {"redis://[1.2.3.4]", "must be an IPv6 address"},
      {"redis://a b", "expected host or host:port"},
      {"redis://h/x", "database must be a number"},
      {"redis://h/65536", "database must be a number"},
      {"redis://h/0/1", "database must be a number"},
      {"redis://h?db=1", "expected host or host:port"},
      {"redis://h/0?timeout=5", "leave out the ?"},
      {"redis://a,b", "redis+sentinel://"},
      {"redis://user@h", "a password must stand in front of the @"},
      {"redis://u:@h", "the password is empty"},
      {"redis://u:p%zz@h", "two hexadecimal digits"},
      {"redis+sentinel://s1,s2", "name of the master"},
      {"redis+sentinel://s1,s2,/m", "behind the last comma"},
      {"redis+sentinel://s1,,s2/m", "expected host or host:port"},
      {"redis+sentinel://s1/m/x", "database must be a number"},
      {"redis+unix://run/redis.sock", "absolute path"},
      {"redis+unix://", "absolute path"},
      {"redis+unix:///s?x=1", "?db=0"},
      {"redis+unix:///s?db=x", "database must be a number"},
  }));
  INFO(text);
  CHECK(refusal(text).find(told) != std::string::npos);
}

TEST_CASE("neither an error nor the printed form shows a password") {
  const auto* const text =
      GENERATE("redis://u:sec/ret@h", "redis://u:sec@ret@h", "redis://u:sec:ret@h", "redis://u:sec?ret@h",
               "redis://u:sec#ret@h:x", "redis://u:sec%ret@h", "redis+unix://u:sec/ret@/path?x",
               "redis+unix:///path?db=sec@ret@h", "redis+sentinel://u:secret@h");
  const std::string told = refusal(text);
  INFO(told);
  CHECK(told.find("sec") == std::string::npos);
  CHECK(told.find("ret@") == std::string::npos);
  CHECK(parsed("redis://u:secret@h/1").to_string() == "redis://u:***@h:6379/1");
}

TEST_CASE("the printed form is read back as the same, but for the password") {
  const auto* const text =
      GENERATE("redis://h", "rediss://a%3A:p@[::1]:1/9", "redis+sentinel://a,b:2/m",
               "rediss+sentinel://:p@a/m/7", "redis+unix:///a/b?db=3", "redis+unix://:p@/a");
  RedisUrl url = parsed(text);
  RedisUrl again = parsed(url.to_string());
  CHECK(again.to_string() == url.to_string());
  again.password = url.password;
  CHECK(again == url);
}

}  // namespace
}  // namespace limpet::settings
