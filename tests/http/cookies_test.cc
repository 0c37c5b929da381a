#include "http/cookies.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"

using namespace limpet::http;

namespace {

std::vector<std::string_view> values_of(std::string_view field_value, std::string_view name) {
  Fields fields;
  fields.add({"Host", "n=not-a-cookie"});
  fields.add({"cookie", field_value});
  return cookie_values(fields, name);
}

using Values = std::vector<std::string_view>;

}  // namespace

TEST_CASE("the values of a cookie are found by its exact name") {
  struct Case {
    std::string field;
    Values values;
  };
  for (const Case& c : std::vector<Case>{
           {"", {}},
           {"n=v", {"v"}},
           {"n=", {""}},
           {"n", {""}},
           {"n=v; n=w", {"v", "w"}},
           {"a=b;n=v;c=d", {"v"}},
           {";; n=v ;", {"v"}},
           {"n=\"v\"", {"v"}},
           {"n=\"\"", {""}},
           {"n=\"", {"\""}},
           {"n=a=b", {"a=b"}},
           {" n = v ", {"v"}},
           {"N=v", {}},
           {"nn=v; mn=v", {}},
           {"a=n=v", {}},
           {"=n", {}},
       }) {
    CAPTURE(c.field);
    CHECK(values_of(c.field, "n") == c.values);
    CHECK(has_cookie(c.field, "n") == !c.values.empty());
  }
}

TEST_CASE("the values of several Cookie fields are found in order") {
  Fields fields;
  fields.add({"Cookie", "n=1; a=b"});
  fields.add({"COOKIE", "n=2"});
  CHECK(cookie_values(fields, "n") == Values{"1", "2"});
}

TEST_CASE("removing a cookie leaves the others as they were") {
  struct Case {
    std::string field;
    std::optional<std::string> left;
  };
  for (const Case& c : std::vector<Case>{
           {"", std::nullopt},
           {" ; ;", std::nullopt},
           {"n=v", std::nullopt},
           {"n", std::nullopt},
           {"n=v; n=w;", std::nullopt},
           {"a=b", "a=b"},
           {"a=b; n=v", "a=b"},
           {"n=v; a=b", "a=b"},
           {"a=b;n=v;c=\"d e\"", "a=b; c=\"d e\""},
           {"a = b; N=v; flag", "a = b; N=v; flag"},
       }) {
    CAPTURE(c.field);
    CHECK(without_cookie(c.field, "n") == c.left);
  }
}

TEST_CASE("what is left after removing a cookie does not have it") {
  for (const std::string field : {"n=1; a=2", "a;n;n=;n =x", "x=\"n=1; n=2\"", "n=1;;;n=2; n"}) {
    CAPTURE(field);
    CHECK_FALSE(has_cookie(without_cookie(field, "n").value_or(""), "n"));
  }
}

TEST_CASE("Set-Cookie carries the attributes that are set and no others") {
  CHECK(to_field_value({.name = "n", .value = "v", .path = "/", .domain = "", .same_site = "Lax"}) ==
        "n=v; Path=/; SameSite=Lax; HttpOnly");
  CHECK(to_field_value({.name = "n",
                        .value = "v",
                        .path = "/a",
                        .domain = "example.com",
                        .same_site = "None",
                        .secure = true,
                        .http_only = false,
                        .max_age_s = 60}) ==
        "n=v; Path=/a; Domain=example.com; Max-Age=60; SameSite=None; Secure");
  CHECK(
      to_field_value({.name = "n", .value = "", .path = "", .domain = "", .same_site = "", .max_age_s = 0}) ==
      "n=; Max-Age=0; HttpOnly");
}
