// docs/logs.md against the code: every event that is written has a row with its fields, and every row is
// written.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "tests/support/catch.h"

namespace {

namespace fs = std::filesystem;

using Words = std::set<std::string>;

const fs::path kSource = LIMPET_SOURCE_DIR;

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The code of all layers, as one text.
std::string code() {
  std::string all;
  for (const char* const layer : {"base", "healthcheck", "sharing", "proxy", "app"}) {
    for (const auto& entry : fs::directory_iterator(kSource / layer)) {
      if (entry.path().extension() == ".cc") {
        all += content(entry.path());
      }
    }
  }
  return all;
}

Words found(const std::string& text, const std::regex& pattern) {
  Words words;
  for (auto at = std::sregex_iterator(text.begin(), text.end(), pattern); at != std::sregex_iterator();
       ++at) {
    words.insert((*at)[1]);
  }
  return words;
}

// From an opening brace to the one that closes it.
std::string braced(const std::string& text, std::size_t begin) {
  int depth = 0;
  std::size_t end = begin;
  do {
    depth += text[end] == '{' ? 1 : text[end] == '}' ? -1 : 0;
    ++end;
  } while (depth > 0 && end < text.size());
  return text.substr(begin, end - begin);
}

// Events and their fields, where both stand in one call.
std::map<std::string, Words> written_events(const std::string& text) {
  static const std::regex call(
      R"re(\b(?:info|warning|error|debug|write|add)\(\s*(?:[^"();]*?,\s*)?"([a-z_]+)",\s*\{)re");
  static const std::regex field(R"re(\{\s*"([a-z_]+)",)re");
  std::map<std::string, Words> events;
  for (auto at = std::sregex_iterator(text.begin(), text.end(), call); at != std::sregex_iterator(); ++at) {
    const auto brace = static_cast<std::size_t>(at->position() + at->length() - 1);
    events[(*at)[1]].merge(found(braced(text, brace), field));
  }
  return events;
}

// The rows of the page: the word in the first cell, and the words of the last one.
struct Page {
  std::map<std::string, Words> events;
  Words fields;
};

Page page() {
  Page read;
  std::istringstream lines(content(kSource / "docs/logs.md"));
  const std::regex words("`([a-z_]+)`");
  bool in_fields = false;
  for (std::string line; std::getline(lines, line);) {
    in_fields = in_fields || line == "## Fields";
    if (!line.starts_with("| `")) {
      continue;
    }
    const std::string word = line.substr(3, line.find('`', 3) - 3);
    if (in_fields) {
      CHECK(read.fields.insert(word).second);
    } else {
      const std::size_t last = line.rfind('|', line.size() - 2);
      CHECK(read.events.emplace(word, found(line.substr(last), words)).second);
    }
  }
  return read;
}

bool is_quoted_in(const std::string& text, const std::string& word) {
  return text.find('"' + word + '"') != std::string::npos;
}

}  // namespace

TEST_CASE("every event of the log has a row with its fields") {
  const Page told = page();
  const auto written = written_events(code());
  CHECK(written.size() > 30);
  for (const auto& [event, fields] : written) {
    INFO(event);
    const auto row = told.events.find(event);
    REQUIRE(row != told.events.end());
    for (const std::string& field : fields) {
      INFO(field);
      CHECK(row->second.contains(field));
    }
  }
}

TEST_CASE("every event and field that is told is written, and every field is explained") {
  const Page told = page();
  const std::string all = code();
  Words used;
  for (const auto& [event, fields] : told.events) {
    INFO(event);
    CHECK(is_quoted_in(all, event));
    for (const std::string& field : fields) {
      INFO(field);
      CHECK(is_quoted_in(all, field));
      CHECK(told.fields.contains(field));
      used.insert(field);
    }
  }
  for (const std::string& field : told.fields) {
    INFO(field);
    CHECK(used.contains(field));
  }
}
