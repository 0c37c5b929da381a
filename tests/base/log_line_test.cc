#include "base/log_line.h"

#include "tests/support/catch.h"

using namespace limpet;

namespace {

const WallTime kAt{std::chrono::milliseconds(1'769'847'330'123)};

std::string json(LogFields fields) {
  return log_line(LogFormat::Json, LogLevel::Info, "said", fields, kAt);
}
std::string text(LogFields fields) {
  return log_line(LogFormat::Text, LogLevel::Warning, "said", fields, kAt);
}

// What is written of a text, as JSON.
std::string written(std::string_view value) {
  const std::string before = R"({"time":"2026-01-31T08:15:30.123Z","level":"info","event":"said","value":")";
  const std::string line = json({{"value", value}});
  REQUIRE(line.starts_with(before));
  REQUIRE(line.ends_with("\"}"));
  return line.substr(before.size(), line.size() - before.size() - 2);
}

}  // namespace

TEST_CASE("an event is an object of JSON, or words for people") {
  const LogFields fields{{"name", "b1"}, {"left", -1}, {"bytes", 12U}, {"took_s", 0.5}, {"cut", true}};
  CHECK(json(fields) == R"({"time":"2026-01-31T08:15:30.123Z","level":"info","event":"said",)"
                        R"("name":"b1","left":-1,"bytes":12,"took_s":0.500,"cut":true})");
  CHECK(text(fields) ==
        "2026-01-31T08:15:30.123Z warning said name=b1 left=-1 bytes=12 took_s=0.500 cut=true");
}

TEST_CASE("text for people is in quotes where it would run into the next field") {
  CHECK(text({{"a", ""}, {"b", "two words"}, {"c", "x=1"}}).ends_with(R"(a="" b="two words" c="x=1")"));
}

TEST_CASE("whatever a client says stays within its field and its line") {
  CHECK(written("a\"}\n{\"b") == R"(a\"}\u000a{\"b)");
  CHECK(text({{"a", "x\nlevel=error"}}).ends_with(R"(a="x\u000alevel=error")"));
  CHECK(text({{"a", "\x1b[2J"}}).find('\x1b') == std::string::npos);
}

TEST_CASE("a long text is cut between two characters, and says that it was") {
  const std::string all(kMostLoggedText, 'x');
  CHECK(written(all) == all);
  CHECK(written(all + "y") == all + "...");
  const std::string shell = "\xF0\x9F\x90\x9A";
  for (std::size_t room = 1; room < shell.size(); ++room) {
    const std::string begin(kMostLoggedText - room, 'x');
    CHECK(written(begin + shell) == begin + "...");
  }
}
