#include "base/origin.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"

using namespace limpet;

namespace {

OriginPattern pattern(const std::string& text) {
  auto parsed = OriginPattern::parse(text);
  INFO(text);
  if (!parsed.ok()) {
    FAIL(parsed.error().detail);
  }
  return *parsed;
}

struct Case {
  std::string pattern;
  std::vector<std::string> takes;
  std::vector<std::string> leaves;
};

void check(const Case& one) {
  for (const std::string& origin : one.takes) {
    INFO(one.pattern << " takes " << origin);
    CHECK(pattern(one.pattern).matches(origin));
  }
  for (const std::string& origin : one.leaves) {
    INFO(one.pattern << " leaves " << origin);
    CHECK_FALSE(pattern(one.pattern).matches(origin));
  }
}

// None of these is one serialised origin, whatever the pattern.
const std::vector<std::string>& hostile() {
  using namespace std::string_literals;
  static const std::vector<std::string> values{
      "",
      " ",
      "*",
      "null",
      "app.example.com",
      "//app.example.com",
      "://app.example.com",
      "https:app.example.com",
      "https:/app.example.com",
      "https:///app.example.com",
      "https:\\\\app.example.com",
      " https://app.example.com",
      "https://app.example.com ",
      "https://app.example.com\t",
      "https://app.example.com\r\n",
      "https://app.example.com/",
      "https://app.example.com/path",
      "https://app.example.com?x",
      "https://app.example.com#x",
      "https://app.example.com.",
      "https://.app.example.com",
      "https://app..example.com",
      "https://app.example.com..",
      "https://app.example.com:",
      "https://app.example.com:0",
      "https://app.example.com:0443",
      "https://app.example.com:+443",
      "https://app.example.com:-443",
      "https://app.example.com:443:443",
      "https://app.example.com:65979",  // 443 above 65536
      "https://app.example.com:99999",
      "https://app.example.com:443/",
      "https://app.example.com:443@evil.test",
      "https://user@app.example.com",
      "https://user:secret@app.example.com",
      "https://evil.test/@app.example.com",
      "https://evil.test#app.example.com",
      "https://evil.test?.app.example.com",
      "https://evil.test\\.app.example.com",
      "https://evil.test%2eapp.example.com",
      "https://evil.test,https://app.example.com",
      "https://evil.test https://app.example.com",
      "https://app.example.com https://app.example.com",
      "https://app.example.com, https://app.example.com",
      "https://evil.test\0.example.com"s,
      "https://app.example.com\0"s,
      "https://app.example.com\0.evil.test"s,
      "https://\xc3\xa4.example.com",
      "https://*.example.com",
      "https://a b.example.com",
      "https://app.example.com]",
      "https://[app.example.com]",
      "https://" + std::string(64, 'a') + ".example.com",
      "https://" + std::string(300, 'a') + ".example.com",
      "https://a." + std::string(20'000, '.') + "example.com",
      "1https://app.example.com",
      "ht tps://app.example.com",
      "x\0https://app.example.com"s,
  };
  return values;
}

}  // namespace

TEST_CASE("an exact origin takes itself alone") {
  check({"https://app.example.com",
         {"https://app.example.com", "HTTPS://App.Example.COM", "https://app.example.com:443"},
         {"http://app.example.com", "https://app.example.com:8443", "http://app.example.com:443",
          "https://example.com", "https://a.app.example.com", "https://app.example.com.evil.test",
          "https://evilapp.example.com", "https://app.example.co", "wss://app.example.com", "null"}});
  check({"http://localhost:3000",
         {"http://localhost:3000", "http://LOCALHOST:3000"},
         {"http://localhost", "http://localhost:30000", "http://localhost:300", "https://localhost:3000",
          "http://localhost.evil.test:3000"}});
}

TEST_CASE("a port that is left out is the one of the scheme, on either side") {
  check({"https://a.test:443", {"https://a.test", "https://a.test:443"}, {"https://a.test:80"}});
  check({"http://a.test:80", {"http://a.test", "http://a.test:80"}, {"https://a.test", "http://a.test:443"}});
  check({"http://a.test", {"http://a.test:80"}, {"http://a.test:8080"}});
}

TEST_CASE("null takes null alone") {
  check({"null", {"null"}, {"", "NULL", "Null", " null", "null ", "null, null", "https://null", "nul"}});
  check({"https://null", {"https://null"}, {"null"}});
}

TEST_CASE("a wildcard without scheme takes every name below over http and https, on any port") {
  check({"*.example.com",
         {"https://app.example.com", "http://app.example.com", "https://app.example.com:8443",
          "https://a.b.c.example.com", "HTTPS://A.EXAMPLE.COM", "http://x_y.example.com:1",
          "https://xn--4ca.example.com"},
         {"https://example.com", "https://example.com:443", "https://evilexample.com",
          "https://example.com.evil", "https://app.example.com.evil.test", "https://appexample.com",
          "https://.example.com", "https://example.com.example.org", "ftp://app.example.com",
          "ws://app.example.com", "file://app.example.com", "null"}});
}

TEST_CASE("a wildcard with a port takes that port alone, given or meant") {
  check({"*.example.com:8443",
         {"https://a.example.com:8443", "http://a.example.com:8443"},
         {"https://a.example.com", "https://a.example.com:443", "https://a.example.com:84"}});
  check({"*.example.com:443",
         {"https://a.example.com", "https://a.example.com:443", "http://a.example.com:443"},
         {"http://a.example.com", "http://a.example.com:80"}});
}

TEST_CASE("a wildcard with a scheme takes that scheme alone, on its port") {
  check({"https://*.example.com",
         {"https://a.example.com", "https://a.b.example.com", "https://a.example.com:443"},
         {"http://a.example.com", "https://a.example.com:8443", "https://example.com",
          "https://evilexample.com", "http://a.example.com:443"}});
  check({"http://*.localhost:3000",
         {"http://app.localhost:3000"},
         {"http://localhost:3000", "http://app.localhost", "http://applocalhost:3000"}});
}

TEST_CASE("addresses are compared as addresses where they have several spellings") {
  check({"http://[::1]:3000",
         {"http://[::1]:3000", "http://[0:0:0:0:0:0:0:1]:3000", "http://[::0001]:3000"},
         {"http://[::1]", "http://[::2]:3000", "http://[::1%25lo]:3000", "http://::1:3000",
          "http://[::1:3000", "http://[]:3000", "http://[::1]x:3000", "http://[::1]]:3000"}});
  check({"https://[2001:DB8::A]", {"https://[2001:db8::a]", "https://[2001:db8::a]:443"}, {"https://2001"}});
  check({"http://[::ffff:1.2.3.4]", {"http://[::ffff:102:304]"}, {"http://1.2.3.4", "http://[1.2.3.4]"}});
  check({"http://127.0.0.1:8080", {"http://127.0.0.1:8080"}, {"http://127.1:8080", "http://127.0.0.1"}});
}

TEST_CASE("the scheme of an application is compared like any other") {
  check({"capacitor://localhost",
         {"capacitor://localhost"},
         {"capacitor://localhost:80", "http://localhost", "capacitor2://localhost"}});
  check({"chrome-extension://abcdefgh", {"chrome-extension://abcdefgh"}, {"chrome-extension://abcdefg"}});
}

TEST_CASE("what is not one serialised origin matches nothing") {
  for (const auto* const text :
       {"https://app.example.com", "*.example.com", "https://*.example.com", "*.app.example.com",
        "*.example.com:443", "http://[::1]:3000", "*.test", "*.com"}) {
    for (const std::string& origin : hostile()) {
      INFO(text << " leaves " << origin);
      CHECK_FALSE(pattern(text).matches(origin));
    }
  }
}

TEST_CASE("what is no pattern is refused with what would be one") {
  struct Wrong {
    std::string text;
    std::string remedy;  // a part of it
  };
  const std::vector<Wrong> wrong{
      {"", "a scheme must stand in front"},
      {"*", "leave the list empty"},
      {"https://*", "leave the list empty"},
      {"*:443", "leave the list empty"},
      {"app.example.com", "a scheme must stand in front"},
      {"localhost:3000", "a scheme must stand in front"},
      {"NULL", "a scheme must stand in front"},
      {"://a.test", "a scheme must stand in front"},
      {" https://a.test", "a scheme must stand in front"},
      {"h*://a.test", "a scheme must stand in front"},
      {"https://a.test/", "leave out the path"},
      {"https://a.test:1/", "leave out the path"},
      {"*.a.test/x", "leave out the path"},
      {"https://a.test?x", "leave out the path"},
      {"https://a.test, https://b.test", "leave out the path"},
      {"https://me@a.test", "leave out what stands before the @"},
      {"https://me:secret@a.test", "leave out what stands before the @"},
      {"https://a.*.test", "whole labels at the front"},
      {"https://a*.test", "whole labels at the front"},
      {"*a.test", "a scheme must stand in front"},
      {"https://*a.test", "whole labels at the front"},
      {"*.*.test", "whole labels at the front"},
      {"*.", "a domain name must follow"},
      {"*..test", "a domain name must follow"},
      {"*.a.test.", "a domain name must follow"},
      {"*.1", "a domain name must follow"},
      {"*.0.0.1", "a domain name must follow"},
      {"*.[::1]", "a domain name must follow"},
      {"https://", "the host must be"},
      {"https://a b", "the host must be"},
      {"https://a.test.", "the host must be"},
      {"https://m\xc3\xbcller.test", "the host must be"},
      {"https://[::1", "the host must be"},
      {"https://[1.2.3.4]", "the host must be"},
      {"https://a.test:", "the port must be"},
      {"https://a.test:0", "the port must be"},
      {"https://a.test:65536", "the port must be"},
      {"*.a.test:x", "the port must be"},
      {"*.a.test:*", "the port must be"},
  };
  for (const Wrong& one : wrong) {
    INFO(one.text);
    const auto parsed = OriginPattern::parse(one.text);
    REQUIRE_FALSE(parsed.ok());
    INFO(parsed.error().detail);
    CHECK(parsed.error().detail.find(one.remedy) != std::string::npos);
  }
}

TEST_CASE("a printed pattern is read back to itself") {
  for (const auto* const text :
       {"null", "https://app.example.com", "http://localhost:3000", "*.example.com", "*.example.com:8443",
        "https://*.example.com:443", "http://[::1]:3000", "capacitor://localhost"}) {
    CHECK(pattern(text).to_string() == text);
    CHECK(pattern(pattern(text).to_string()) == pattern(text));
  }
  CHECK(pattern("HTTPS://*.Example.COM").to_string() == "https://*.example.com");
}
