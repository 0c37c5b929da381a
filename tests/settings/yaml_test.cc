#include "settings/yaml.h"

#include "tests/support/catch.h"

using namespace limpet::settings;

namespace {

YamlNode tree(std::string_view text) {
  const auto parsed = parse_yaml(text);
  REQUIRE(std::holds_alternative<YamlNode>(parsed));
  return std::get<YamlNode>(parsed);
}

std::string error(std::string_view text) {
  const auto parsed = parse_yaml(text);
  REQUIRE(std::holds_alternative<YamlError>(parsed));
  const auto& [place, message] = std::get<YamlError>(parsed);
  return std::to_string(place.line) + ":" + std::to_string(place.column) + " " + message;
}

std::string at(Place place) {
  return std::to_string(place.line) + ":" + std::to_string(place.column);
}

std::string repeated(const std::string& part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) {
    text += part;
  }
  return text;
}

constexpr const char* kHint =
    " (is the indentation right, every quote and bracket closed? values with [ ] { } # or \": \" need "
    "quotes)";

}  // namespace

TEST_CASE("every part of a document knows its place") {
  const YamlNode root = tree("a: 1\nlist:\n  - x\n  - {k: 'v'}\n");
  REQUIRE(root.kind == YamlNode::Kind::Mapping);
  REQUIRE(root.members.size() == 2);
  CHECK(at(root.members[0].place) == "1:1");
  CHECK(at(root.members[0].value.place) == "1:4");
  const YamlNode& list = root.members[1].value;
  REQUIRE(list.kind == YamlNode::Kind::List);
  CHECK(list.items[0].text == "x");
  CHECK(at(list.items[0].place) == "3:5");
  REQUIRE(list.items[1].kind == YamlNode::Kind::Mapping);
  CHECK(at(list.items[1].place) == "4:5");
  CHECK(list.items[1].members[0].key == "k");
  CHECK(list.items[1].members[0].value.text == "v");
  CHECK(at(list.items[1].members[0].value.place) == "4:9");
}

TEST_CASE("a value that is left out is nothing, at the place of its key") {
  const YamlNode root = tree("a:\n\nb: ~\nc: ''\n");
  CHECK(root.members[0].value.kind == YamlNode::Kind::Nothing);
  CHECK(at(root.members[0].value.place) == "1:1");
  CHECK(root.members[1].value.kind == YamlNode::Kind::Nothing);
  CHECK(root.members[2].value.kind == YamlNode::Kind::Scalar);
}

TEST_CASE("a key given twice stands in the tree twice") {
  CHECK(tree("a: 1\na: 2\n").members.size() == 2);
}

TEST_CASE("line ends of other systems make no difference") {
  const YamlNode root = tree("a: 1\r\nb: 2\r\n");
  CHECK(root.members[1].value.text == "2");
  CHECK(at(root.members[1].place) == "2:1");
}

TEST_CASE("a text without values is nothing") {
  for (const char* text : {"", "\n", "# a comment\n", "---\n"}) {
    CHECK(tree(text).kind == YamlNode::Kind::Nothing);
  }
}

TEST_CASE("a syntax error has a place and a hint") {
  CHECK(error("a: b\n c: d\n") == std::string("2:3 not valid YAML: illegal map value") + kHint);
  CHECK(error("a: \"b\n") == std::string("1:6 not valid YAML: illegal EOF in scalar") + kHint);
  CHECK(error("a: [b\n") == std::string("1:6 not valid YAML: end of sequence flow not found") + kHint);
}

TEST_CASE("a quote that is never closed does not swallow the rest of the file") {
  CHECK(error("a: \"b\nc: d\n\n") == std::string("2:5 not valid YAML: illegal EOF in scalar") + kHint);
}

TEST_CASE("YAML that a configuration has no use for is refused") {
  CHECK(error("a: &x b\n") == "1:4 anchors (&name) are not supported: write the value out");
  CHECK(error("a: *x\n").starts_with("1:4 not valid YAML: the referenced anchor is not defined"));
  CHECK(error("a: !!int 3\n") == "1:4 tags (!name) are not supported");
  CHECK(error("a: !x {b: c}\n") == "1:4 tags (!name) are not supported");
  CHECK(error("? [a]\n: b\n") == "1:3 expected a word as key, found a list or a mapping");
  CHECK(error("~: b\n") == "1:1 expected a word as key, found nothing");
  CHECK(error("a: b\n---\nc: d\n") == "2:1 expected one document, found a second one");
}

TEST_CASE("what is not text is refused at its place") {
  constexpr const char* kNotText = "expected text in UTF-8, found a control character or a byte that is none";
  CHECK(error(std::string_view("a: 1\nb: \0x\n", 11)) == std::string("2:4 ") + kNotText);
  CHECK(error("a: 1\x04\nb: 2\n") == std::string("1:5 ") + kNotText);
  CHECK(error("\x7f") == std::string("1:1 ") + kNotText);
  for (const char* wrong :
       {"\xff", "\x80", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "\xe2\x82"}) {
    CHECK(error(wrong) == std::string("1:1 ") + kNotText);
  }
  CHECK(tree("a: \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80").members[0].value.text ==
        "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
}

TEST_CASE("deep nesting is refused before it can hurt") {
  CHECK(error(repeated("- ", 500'000)) == "1:65 nested too deeply: more than 32 levels");
  CHECK(error("a: " + repeated("[", 1000) + repeated("]", 1000)) ==
        "1:35 nested too deeply: more than 32 levels");
  CHECK(tree("a: " + repeated("[", 31) + repeated("]", 31)).kind == YamlNode::Kind::Mapping);
  for (const char* part : {"[", "{a: ", "? ", ": ", "!", "&a ", "[,"}) {
    INFO(part);
    CHECK_FALSE(error(repeated(part, 200'000)).empty());
  }
}

TEST_CASE("a file above 1MiB is refused") {
  CHECK(tree(std::string(kLargestFile, '\n')).kind == YamlNode::Kind::Nothing);
  CHECK(error(std::string(kLargestFile + 1, '\n')) == "0:0 expected at most 1MiB, found a larger file");
}
