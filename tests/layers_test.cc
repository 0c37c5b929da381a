// Reads every #include of the sources and holds it against cmake/layers.txt.

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace fs = std::filesystem;

namespace {

using Layers = std::map<std::string, std::set<std::string>>;

// Refuses a row that names a folder without a row above it, which also rules out cycles.
Layers read_layers(std::istream& table) {
  Layers layers;
  std::string line;
  while (std::getline(table, line)) {
    const auto colon = line.find(':');
    if (line.empty() || line[0] == '#' || colon == std::string::npos) {
      continue;
    }
    std::istringstream uses(line.substr(colon + 1));
    std::set<std::string> allowed;
    for (std::string used; uses >> used;) {
      INFO(line);
      REQUIRE(layers.count(used) == 1);
      allowed.insert(used);
    }
    layers[line.substr(0, colon)] = allowed;
  }
  return layers;
}

std::vector<std::string> violations(const std::string& folder, std::istream& source, const Layers& layers) {
  static const std::regex include(R"re(^\s*#\s*include\s*"([^"/]+)/[^"]*")re");
  std::vector<std::string> found;
  std::string line;
  while (std::getline(source, line)) {
    std::smatch match;
    if (!std::regex_search(line, match, include) || match[1] == folder) {
      continue;
    }
    if (layers.at(folder).count(match[1]) == 0) {
      found.push_back(folder + " may not include: " + line);
    }
  }
  return found;
}

}  // namespace

TEST_CASE("every include follows the layers") {
  std::ifstream table(std::string(LIMPET_SOURCE_DIR) + "/cmake/layers.txt");
  const Layers layers = read_layers(table);
  REQUIRE(layers.count("app") == 1);
  std::size_t files = 0;
  for (const auto& [folder, uses] : layers) {
    const fs::path root = fs::path(LIMPET_SOURCE_DIR) / folder;
    if (!fs::exists(root)) {
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      const auto extension = entry.path().extension();
      if (extension != ".h" && extension != ".cc") {
        continue;
      }
      ++files;
      std::ifstream source(entry.path());
      for (const auto& violation : violations(folder, source, layers)) {
        FAIL_CHECK(entry.path().string() << ": " << violation);
      }
    }
  }
  CHECK(files > 10);
}

TEST_CASE("an upward include is a violation") {
  std::istringstream table("base:\nhttp: base\nproxy: http base\n");
  const Layers layers = read_layers(table);
  std::istringstream source("#include \"base/text.h\"\n#include \"proxy/worker.h\"\n");
  CHECK(violations("http", source, layers).size() == 1);
}
