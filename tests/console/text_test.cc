// Text that comes from the network and ends on a terminal.
#include "console/text.h"

#include "console/query_tables.h"
#include "console/show.h"
#include "tests/support/catch.h"

using namespace limpet;
using namespace limpet::console;

TEST_CASE("nothing that a terminal obeys is printed") {
  CHECK(printable("a\x1b[2J\r\n\x7f") == "a\\x1b[2J\\x0d\\x0a\\x7f");
  CHECK(printable("\xc2\x9b"
                  "31m") == "\\x9b31m");
  CHECK(printable("abc\xe2\x80\xae"
                  "fed") == "abc\\u202efed");
  CHECK(printable("\xff\xc3") == "\\xff\\xc3");
  CHECK(printable("Grüße, 你好 🐚") == "Grüße, 你好 🐚");
}

TEST_CASE("a table shows no control characters") {
  const auto text = pins_table(Json::parse(R"([{"key": "a\u001b[2J", "backend": null, "sessions": 3}])"));
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("a\\x1b[2J  -") != std::string::npos);
}

TEST_CASE("what is cut says so, and no character is cut in two") {
  CHECK(clipped("hello", 5) == "hello");
  CHECK(clipped("hello", 4) == "hel.");
  CHECK(clipped("Grüße", 4) == "Grü.");
  CHECK(clipped("Grüße", 3) == "Gr.");
  CHECK(clipped("hello", 1) == ".");
  CHECK(clipped("hello", 0).empty());
}

TEST_CASE("columns are as wide as their widest cell, in characters") {
  CHECK(align({{"a", "b"}, {"üüü", "c"}}) == "a    b\nüüü  c\n");
  CHECK(padded("ü", 3) == "ü  ");
  CHECK(padded_left("ü", 3) == "  ü");
}

TEST_CASE("numbers and times are short") {
  CHECK(show_short(0) == "0");
  CHECK(show_short(2.25) == "2.2");
  CHECK(show_short(999) == "999");
  CHECK(show_short(999.6) == "1.0k");
  CHECK(show_short(12'345) == "12k");
  CHECK(show_short(1'500'000) == "1.5M");
  CHECK(show_seconds(59.9) == "59s");
  CHECK(show_seconds(3'661) == "1h1m");
  CHECK(show_seconds(-1.0) == "0s");
  CHECK_FALSE(show_seconds(1e300).empty());
}

TEST_CASE("what an answer lacks, or has of another type, reads as nothing") {
  const Json row = Json::parse(R"({"name": 7, "sessions": "many", "close": 1})");
  CHECK(number(row, "sessions") == 0);
  CHECK(text(row, "name").empty());
  CHECK_FALSE(is_true(row, "close"));
  CHECK(field(row, "absent").is_null());
  CHECK(field(Json(3), "absent").is_null());
  CHECK(show(row, "absent") == "-");
}
