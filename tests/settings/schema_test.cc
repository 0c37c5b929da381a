#include "settings/schema.h"

#include <fstream>
#include <set>

#include "settings/yaml.h"
#include "tests/settings/loading.h"

using namespace limpet;
using namespace limpet::settings;

namespace {

std::string conf(const std::string& name) {
  return std::string(LIMPET_SOURCE_DIR) + "/conf/" + name;
}

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line);
  }
  REQUIRE_FALSE(lines.empty());
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += line + "\n";
  }
  return text;
}

// "listeners[].bind" is looked for in the first item; null when the file does not have it.
const YamlNode* find(const YamlNode* node, std::string path) {
  while (node != nullptr && !path.empty()) {
    const std::size_t dot = path.find('.');
    std::string name = path.substr(0, dot);
    path = dot == std::string::npos ? "" : path.substr(dot + 1);
    const bool is_list = name.ends_with("[]");
    name = is_list ? name.substr(0, name.size() - 2) : name;
    const YamlNode* next = nullptr;
    for (const Member& member : node->members) {
      next = member.key == name ? &member.value : next;
    }
    node = next != nullptr && is_list ? &next->items.at(0) : next;
  }
  return node;
}

std::string spelled(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::List && node.items.empty()) {
    return "[]";
  }
  return node.text.empty() ? "\"\"" : node.text;
}

// Where tls stands, certificates must be there: it has a file of its own.
bool is_of_tls(const Key& key) {
  return key.path.find(".tls.") != std::string::npos;
}

void check_shown(const YamlNode& root, const std::vector<std::string>& lines, const Key& key) {
  INFO(key.path);
  const YamlNode* node = find(&root, key.path);
  if (node == nullptr) {
    FAIL_CHECK("not in the file");
    return;
  }
  // Where an example says more than the default, the comment of the line tells it.
  const std::string& line = lines.at(static_cast<std::size_t>(node->place.line) - 1);
  const bool is_told = line.find("default: " + key.default_text) != std::string::npos;
  const bool is_shown = key.default_text.empty() || spelled(*node) == key.default_text;
  CHECK((is_shown || is_told));
  CHECK((line.find("restart)") != std::string::npos) == !key.is_reloadable);
}

template <typename Owner>
void check_defaults(const Rows<Owner>& rows) {
  for (const Row<Owner>& row : rows) {
    INFO(row.key.path);
    if (row.key.default_text.empty() || row.key.is_list) {
      continue;
    }
    Owner stored;
    const std::string text = row.key.default_text == "\"\"" ? "" : row.key.default_text;
    CHECK(row.store(stored, text));
    CHECK(row.show(stored) == row.show(Owner{}));
  }
}

}  // namespace

TEST_CASE("the default that a row names is the default of its field") {
  check_defaults(top_rows());
  check_defaults(listener_rows());
  check_defaults(backend_rows());
  check_defaults(route_rows());
  check_defaults(affinity_rows());
  check_defaults(health_rows());
  check_defaults(listener_tls_rows());
  check_defaults(backend_tls_rows());
}

TEST_CASE("every row says what a person needs to know") {
  std::set<std::string> paths;
  for (const Key& key : all_keys()) {
    INFO(key.path);
    CHECK(key.help.ends_with('.'));
    CHECK_FALSE(key.type.empty());
    CHECK_FALSE(key.expects.empty());
    CHECK(paths.insert(key.path).second);
    CHECK((key.is_required ? key.default_text.empty()
                           : !key.default_text.empty() || key.path == "backends[].name"));
  }
}

TEST_CASE("conf/tls.yaml shows every key of TLS with its default") {
  const std::vector<std::string> lines = lines_of(conf("tls.yaml"));
  const auto parsed = parse_yaml(joined(lines));
  REQUIRE(std::holds_alternative<YamlNode>(parsed));
  for (const Key& key : all_keys()) {
    if (is_of_tls(key)) {
      check_shown(std::get<YamlNode>(parsed), lines, key);
    }
  }
}

TEST_CASE("conf/limpet.yaml shows every key with its default") {
  const std::vector<std::string> lines = lines_of(conf("limpet.yaml"));
  const auto parsed = parse_yaml(joined(lines));
  REQUIRE(std::holds_alternative<YamlNode>(parsed));
  const YamlNode& root = std::get<YamlNode>(parsed);
  for (const Key& key : all_keys()) {
    if (!is_of_tls(key)) {
      check_shown(root, lines, key);
    }
  }
  for (const std::string_view section : kTopSections) {
    CHECK(find(&root, std::string(section)) != nullptr);
  }
}

TEST_CASE("conf/limpet.yaml means the defaults") {
  Settings settings = accepted(joined(lines_of(conf("limpet.yaml"))));
  CHECK(settings.pools.at(0).affinity == Affinity{});
  CHECK(settings.pools.at(0).health == Health{});
  settings.listeners.clear();
  settings.pools.clear();
  settings.routes.clear();
  CHECK(settings == Settings{});
}

TEST_CASE("every file in conf loads and survives being printed") {
  for (const char* name : {"minimal.yaml", "limpet.yaml", "socketio.yaml", "by-address.yaml", "tls.yaml",
                           "sticky.yaml", "shared.yaml", "hybrid.yaml"}) {
    INFO(name);
    const Loaded loaded = load_file(conf(name));
    if (const auto* problems = std::get_if<Problems>(&loaded)) {
      FAIL_CHECK(problems->front().to_string());
      continue;
    }
    const Settings& settings = std::get<Settings>(loaded);
    CHECK(accepted(print(settings)) == settings);
  }
}
