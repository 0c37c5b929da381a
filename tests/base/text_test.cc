#include "base/text.h"

#include "base/clock.h"
#include "base/close_reason.h"
#include "base/log.h"
#include "tests/support/catch.h"

#include <unistd.h>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

using namespace limpet;

TEST_CASE("JSON text is escaped and repaired to UTF-8") {
  std::string out;
  append_json_escaped(out, "a\"b\\c\n\x01\xff\xc3\xa9\xed\xa0\x80");
  CHECK(out == "a\\\"b\\\\c\\u000a\\u0001\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST_CASE("the edit distance counts single changes") {
  CHECK(edit_distance("interval", "intervall") == 1);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("listner", "listener") == 1);
}

TEST_CASE("optional white space is trimmed and nothing else") {
  CHECK(trim_ows(" \t a b \t") == "a b");
  CHECK(trim_ows("\r\na") == "\r\na");
  CHECK(trim_ows("  ").empty());
}

TEST_CASE("times are shown as RFC 3339 in UTC") {
  CHECK(to_rfc3339(WallTime(Duration(1'769'847'330'123))) == "2026-01-31T08:15:30.123Z");
}

TEST_CASE("no two close reasons share a word") {
  std::set<std::string_view> words;
  for (std::size_t i = 0; i < kCloseReasonCount; ++i) {
    CHECK(words.insert(describe(static_cast<CloseReason>(i)).word).second);
  }
}

TEST_CASE("log lines are one event each, as JSON or text") {
  const auto file = std::filesystem::temp_directory_path() / ("limpet-log-" + std::to_string(getpid()));
  const auto logged = [&](LogFormat format) {
    std::filesystem::remove(file);
    {
      auto log = Log::open({LogLevel::Info, format, file.string()});
      REQUIRE(log.ok());
      (*log)->info("session_end",
                   {{"reason", "a \"quoted\" word"}, {"count", 3}, {"open", false}, {"took_s", 0.5}});
      (*log)->debug("hidden", {});
    }
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  };
  const std::string json = logged(LogFormat::Json);
  CHECK(
      json.find(
          R"("level":"info","event":"session_end","reason":"a \"quoted\" word","count":3,"open":false,"took_s":0.500})") !=
      std::string::npos);
  CHECK(json.find("hidden") == std::string::npos);
  const std::string text = logged(LogFormat::Text);
  CHECK(text.find("info    session_end reason=\"a \\\"quoted\\\" word\" count=3 open=false took_s=0.500\n") !=
        std::string::npos);
  std::filesystem::remove(file);
}

TEST_CASE("a log file that cannot be opened is an error that names it") {
  const auto log = Log::open({LogLevel::Info, LogFormat::Json, "/nonexistent/limpet.log"});
  REQUIRE_FALSE(log.ok());
  CHECK(log.error().detail.find("/nonexistent/limpet.log") != std::string::npos);
}
