#include "settings/expand.h"

#include <map>

#include "tests/support/catch.h"

using namespace limpet;
using namespace limpet::settings;

namespace {

std::optional<std::string> variable(const std::string& name) {
  static const std::map<std::string, std::string> variables{
      {"HOST", "10.0.0.1"}, {"EMPTY", ""}, {"NESTED", "${HOST}"}, {"_A1", "x"}};
  const auto found = variables.find(name);
  return found != variables.end() ? std::optional(found->second) : std::nullopt;
}

std::string expanded(std::string_view text) {
  const auto result = expand(text, variable);
  return result ? result.value() : "error: " + result.error().detail;
}

}  // namespace

TEST_CASE("a variable is replaced wherever it stands in a value") {
  CHECK(expanded("${HOST}") == "10.0.0.1");
  CHECK(expanded("${HOST}:80") == "10.0.0.1:80");
  CHECK(expanded("a${_A1}b${_A1}") == "axbx");
  CHECK(expanded("plain") == "plain");
  CHECK(expanded("") == "");
}

TEST_CASE("a default serves for a variable that is not set or empty") {
  CHECK(expanded("${NOPE:-b}") == "b");
  CHECK(expanded("${EMPTY:-b}") == "b");
  CHECK(expanded("${HOST:-b}") == "10.0.0.1");
  CHECK(expanded("${NOPE:-}") == "");
  CHECK(expanded("${NOPE:-a:-b}") == "a:-b");
  CHECK(expanded("[${EMPTY}]") == "[]");
}

TEST_CASE("a variable without value and default is an error that names it") {
  CHECK(expanded("${NOPE}") ==
        "error: the environment variable NOPE is not set (and ${NOPE:-default} is not given)");
}

TEST_CASE("what a variable contains is not expanded again") {
  CHECK(expanded("${NESTED}") == "${HOST}");
}

TEST_CASE("a dollar sign means nothing unless a brace follows") {
  CHECK(expanded("$HOST $ $$ 5$") == "$HOST $ $$ 5$");
  CHECK(expanded("$${HOST}") == "${HOST}");
  CHECK(expanded("$$${HOST}") == "$${HOST}");
}

TEST_CASE("a brace form that is none of the two is an error") {
  CHECK(expanded("${HOST") == "error: a ${ without its } (write $${ for a plain ${)");
  for (const char* wrong : {"${}", "${1}", "${A-b}", "${A B}", "${:-a}", "${${A}}"}) {
    INFO(wrong);
    CHECK(expanded(wrong).starts_with("error: expected ${NAME} or ${NAME:-default}"));
  }
}

TEST_CASE("an escaped text expands to itself") {
  for (const char* text : {"", "$", "${", "$${", "$$${", "${${", "${HOST}", "a$b{c}", "$$", "${$${$$${"}) {
    INFO(text);
    CHECK(expanded(escape_expansions(text)) == text);
  }
}
