#include "settings/values.h"

#include "settings/kinds.h"
#include "settings/limit_kinds.h"
#include "tests/support/catch.h"

using namespace limpet;
using namespace limpet::settings;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_CASE("a duration is a whole number with a unit") {
  CHECK(parse_duration("250ms") == milliseconds(250));
  CHECK(parse_duration("5s") == seconds(5));
  CHECK(parse_duration("10m") == seconds(600));
  CHECK(parse_duration("1h") == hours(1));
  CHECK(parse_duration("1d") == hours(24));
  CHECK(parse_duration("0s") == Duration::zero());
  for (const char* wrong : {"", "5", "s", "5 s", "1.5s", "-1s", "+1s", "5S", "5sec", "1h30m", "ms"}) {
    INFO(wrong);
    CHECK_FALSE(parse_duration(wrong));
  }
}

TEST_CASE("a duration too large for a counter of milliseconds is refused, not wrapped") {
  CHECK(parse_duration("106751991167d"));
  CHECK_FALSE(parse_duration("106751991168d"));
  CHECK_FALSE(parse_duration("18446744073709551616ms"));
}

TEST_CASE("a printed duration is read back to itself") {
  for (const std::int64_t count :
       {0, 1, 999, 1000, 1001, 60'000, 90'000, 3'600'000, 86'400'000, 86'400'001}) {
    const Duration value(count);
    INFO(print_duration(value));
    CHECK(parse_duration(print_duration(value)) == value);
  }
  CHECK(print_duration(seconds(90)) == "90s");
  CHECK(print_duration(hours(48)) == "2d");
}

TEST_CASE("a size is bytes or binary units") {
  CHECK(parse_size("4096") == 4096);
  CHECK(parse_size("16KiB") == 16384);
  CHECK(parse_size("1MiB") == 1048576);
  CHECK(parse_size("2GiB") == 2147483648);
  for (const char* wrong : {"", "KiB", "16kb", "16K", "16 KiB", "1.5MiB", "-1", "9223372036854775807GiB"}) {
    INFO(wrong);
    CHECK_FALSE(parse_size(wrong));
  }
  for (const std::uint64_t bytes : {0ULL, 1ULL, 1023ULL, 1024ULL, 1025ULL, 1048576ULL, 3221225472ULL}) {
    CHECK(parse_size(print_size(bytes)) == bytes);
  }
}

TEST_CASE("bounds belong to the range") {
  const auto wait = duration_between(milliseconds(1), hours(1));
  CHECK(wait.parse("1ms"));
  CHECK(wait.parse("1h"));
  CHECK_FALSE(wait.parse("0ms"));
  CHECK_FALSE(wait.parse("3600001ms"));
  const auto number = number_between(1, 256);
  CHECK(number.parse("1"));
  CHECK(number.parse("256"));
  CHECK_FALSE(number.parse("0"));
  CHECK_FALSE(number.parse("257"));
  CHECK_FALSE(number.parse("4294967297"));
  const auto size = size_between(1024, 4096);
  CHECK(size.parse("1KiB"));
  CHECK_FALSE(size.parse("1023"));
  CHECK_FALSE(size.parse("4GiB"));
}

TEST_CASE("a factor is 0 or at least 1") {
  const auto factor = factor_up_to(100);
  CHECK(factor.parse("0") == 0.0);
  CHECK(factor.parse("1") == 1.0);
  CHECK(factor.parse("1.25") == 1.25);
  CHECK(factor.parse("100") == 100.0);
  for (const char* wrong : {"", "0.5", "-1", "100.1", "nan", "inf", "1e2", "1,5", "1.25x", " 1"}) {
    INFO(wrong);
    CHECK_FALSE(factor.parse(wrong));
  }
  CHECK(factor.print(1.1) == "1.1");
}

TEST_CASE("only true and false are booleans") {
  CHECK(boolean().parse("true") == true);
  CHECK(boolean().parse("false") == false);
  for (const char* wrong : {"yes", "no", "on", "off", "True", "1", ""}) {
    CHECK_FALSE(boolean().parse(wrong));
  }
}

TEST_CASE("a word can stand for one more value") {
  const auto workers = word_for<std::uint32_t>("auto", 0, number_between(1, 256));
  CHECK(workers.parse("auto") == 0U);
  CHECK_FALSE(workers.parse("0"));
  CHECK(workers.print(0) == "auto");
  CHECK(workers.print(8) == "8");
  const auto age = word_for_none("session", duration_between(seconds(1), hours(1)));
  REQUIRE(age.parse("session"));
  CHECK_FALSE(age.parse("session")->has_value());
  CHECK(age.parse("5m") == std::optional<std::optional<Duration>>(std::optional<Duration>(seconds(300))));
  CHECK_FALSE(age.parse("browser"));
  CHECK(age.expects == "session or a duration from 1s to 1h (like 250ms, 5s, 10m, 1h, 1d)");
}

TEST_CASE("a list of words reads as a sentence") {
  CHECK(join_or({"a"}) == "a");
  CHECK(join_or({"a", "b"}) == "a or b");
  CHECK(join_or({"a", "b", "c"}) == "a, b or c");
}

TEST_CASE("a listener binds to a literal, to localhost or to a Unix socket") {
  const auto bind = bind_address();
  CHECK(bind.parse("0.0.0.0:8080") == Endpoint{"0.0.0.0", 8080, {}});
  CHECK(bind.parse("[::]:0") == Endpoint{"::", 0, {}});
  CHECK(bind.parse("LocalHost:80") == Endpoint{"127.0.0.1", 80, {}});
  CHECK(bind.parse("unix:/run/a.sock") == Endpoint{{}, 0, "/run/a.sock"});
  for (const char* wrong :
       {"", ":80", "8080", "example.com:80", "*:80", "1.2.3.4:65536", "unix:a", "::1:80"}) {
    INFO(wrong);
    CHECK_FALSE(bind.parse(wrong));
  }
}

TEST_CASE("a rate is a number and one second, minute or hour") {
  const auto rate = rate_up_to(1000);
  CHECK(rate.parse("50/s") == Rate{50, seconds(1)});
  CHECK(rate.parse("300/m") == Rate{300, minutes(1)});
  CHECK(rate.parse("1000/h") == Rate{1000, hours(1)});
  CHECK(rate.parse("0/s") == Rate{});
  for (const char* text : {"0/s", "50/s", "300/m", "1000/h"}) {
    CHECK(rate.print(*rate.parse(text)) == text);
  }
  for (const char* wrong : {"", "/", "50", "/s", "50/", "50/S", "50/ms", "50/1s", "50 /s", "50/s ", "-1/s",
                            "1.5/s", "1001/s", "50/s/s", "4294967297/s", "0"}) {
    INFO(wrong);
    CHECK_FALSE(rate.parse(wrong));
  }
}

TEST_CASE("an origin that is refused is told what is wrong with it") {
  const auto origin = origin_pattern();
  CHECK(origin.parse("*.example.com"));
  CHECK_FALSE(origin.parse("https://example.com/"));
  CHECK(origin.fault("https://example.com/") ==
        "an origin ends behind its host and port: leave out the path");
  CHECK(origin.fault("*.example.com").empty());
}

TEST_CASE("a backend has a port that can be connected to") {
  const auto address = backend_address();
  for (const char* right :
       {"10.0.0.1:1", "[2001:db8::1]:65535", "app-1.internal:80", "my_app:80", "unix:/a b"}) {
    INFO(right);
    CHECK(address.parse(right));
  }
  for (const char* wrong : {"10.0.0.1:0", "10.0.0.1", "app:0", "a<b:80", "http://app:80", "app:80/x", ""}) {
    INFO(wrong);
    CHECK_FALSE(address.parse(wrong));
  }
}

TEST_CASE("what makes the affinity key is one word with its argument") {
  const auto by = by_rule();
  const auto round = [&](const char* text) {
    const auto rule = by.parse(text);
    return rule ? by.print(*rule) : std::string("refused");
  };
  for (const char* right :
       {"cookie", "client_ip", "none", "header:x-user", "query:a b=", "path:1", "path:32"}) {
    CHECK(round(right) == right);
  }
  CHECK(round("header:X-User") == "header:x-user");
  for (const char* wrong : {"", "cookies", "header:", "header:a b", "query:", "query", "path:0", "path:33",
                            "path:", "path:x", "Cookie", "cookie:x"}) {
    INFO(wrong);
    CHECK(round(wrong) == "refused");
  }
}

TEST_CASE("a status range is ordered and made of statuses") {
  const auto range = status_range();
  CHECK(range.parse("200-399") == StatusRange{200, 399});
  CHECK(range.parse("204") == StatusRange{204, 204});
  CHECK(range.print({204, 204}) == "204");
  for (const char* wrong : {"", "-", "200-", "-299", "399-200", "99", "600", "200-299-399", "2xx"}) {
    INFO(wrong);
    CHECK_FALSE(range.parse(wrong));
  }
}

TEST_CASE("cookie attributes cannot smuggle in another attribute") {
  CHECK(cookie_path().parse("/app"));
  CHECK_FALSE(cookie_path().parse("/a;Domain=evil"));
  CHECK_FALSE(cookie_path().parse("app"));
  CHECK(cookie_domain().parse(""));
  CHECK(cookie_domain().parse(".example.com"));
  CHECK_FALSE(cookie_domain().parse("a;b"));
  CHECK_FALSE(cookie_domain().parse("a\r\nb"));
  CHECK(token().parse("__Host-limpet"));
  for (const char* wrong : {"", "a b", "a=b", "a;b", "a,b", "\"a\"", "\xc3\xa4"}) {
    CHECK_FALSE(token().parse(wrong));
  }
}

TEST_CASE("a route's host is compared in lower case and without port") {
  CHECK(route_host().parse("Chat.Example.COM") == "chat.example.com");
  CHECK(route_host().parse("[2001:DB8::1]") == "[2001:db8::1]");
  CHECK(route_host().parse("") == "");
  for (const char* wrong : {"a:80", "*.example.com", "a/b", "[::1", "a b"}) {
    INFO(wrong);
    CHECK_FALSE(route_host().parse(wrong));
  }
}

TEST_CASE("a trailing slash makes no other route") {
  CHECK(route_path().parse("/a/") == "/a");
  CHECK(route_path().parse("/a/b//") == "/a/b");
  CHECK(route_path().parse("/") == "");
  CHECK(route_path().parse("") == "");
  for (const char* wrong : {"a", "/a?b", "/a#b", "/a b"}) {
    INFO(wrong);
    CHECK_FALSE(route_path().parse(wrong));
  }
}
