#include "settings/mapping.h"

#include <algorithm>
#include <unordered_map>

#include "settings/hints.h"
#include "settings/plain_text.h"

namespace limpet::settings {

namespace {

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The row of a key that stands in the scope itself: a dotted key is no way into a section.
const BoundRow* find_row(const Scope& scope, std::string_view name) {
  const std::string path = scope.prefix + std::string(name);
  const auto found = std::find_if(scope.rows.begin(), scope.rows.end(),
                                  [&](const BoundRow& row) { return row.key->path == path; });
  const bool is_there = found != scope.rows.end() && name.find('.') == std::string_view::npos;
  return is_there ? &*found : nullptr;
}

bool has_rows_below(std::span<const BoundRow> rows, const std::string& prefix) {
  return std::any_of(rows.begin(), rows.end(),
                     [&](const BoundRow& row) { return row.key->path.starts_with(prefix); });
}

// The names that may stand in the scope itself, each once.
std::vector<std::string> known_names(const Scope& scope) {
  std::vector<std::string> names(scope.sections.begin(), scope.sections.end());
  for (const BoundRow& row : scope.rows) {
    const std::string_view path = row.key->path;
    if (!path.starts_with(scope.prefix) || (scope.in_pool && row.key->is_shared)) {
      continue;
    }
    const std::string_view below = path.substr(scope.prefix.size());
    const std::string name(below.substr(0, below.find('.')));
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(name);
    }
  }
  return names;
}

}  // namespace

bool MappingReader::expect_kind(const YamlNode& node, YamlNode::Kind kind, const std::string& key,
                                const std::string& what) {
  if (node.kind == kind) {
    return true;
  }
  report_.add(node.place, key, "expected " + what + ", found " + found(node));
  return false;
}

std::vector<const Member*> MappingReader::unique_members(const YamlNode& mapping, const std::string& key) {
  std::vector<const Member*> members;
  std::unordered_map<std::string_view, int> lines;
  for (const Member& member : mapping.members) {
    const auto [seen, is_first] = lines.emplace(member.key, member.place.line);
    if (is_first) {
      members.push_back(&member);
    } else {
      report_.add(member.place, join_key(key, member.key),
                  "given twice: the first one is in line " + std::to_string(seen->second));
    }
  }
  return members;
}

void MappingReader::read(const YamlNode& node, const Scope& scope) {
  if (!expect_kind(node, YamlNode::Kind::Mapping, scope.key, "a mapping (key: value)")) {
    return;
  }
  for (const Member* member : unique_members(node, scope.key)) {
    if (!contains(scope.sections, member->key)) {
      read_member(*member, scope);
    }
  }
  report_missing(node, scope);
}

void MappingReader::read_member(const Member& member, const Scope& scope) {
  const std::string key = join_key(scope.key, member.key);
  const std::string section = scope.prefix + member.key + ".";
  const BoundRow* row = find_row(scope, member.key);
  if (row != nullptr && scope.in_pool && row->key->is_shared) {
    report_.add(member.place, key, "stands at the top level only: all pools share it");
  } else if (row != nullptr) {
    store(member.value, key, *row);
  } else if (has_rows_below(scope.rows, section)) {
    read(member.value, {key, scope.rows, section, {}, scope.in_pool});
  } else {
    report_.add(member.place, key, unknown_key_message(member.key, known_names(scope)));
  }
}

void MappingReader::report_missing(const YamlNode& mapping, const Scope& scope) {
  for (const BoundRow& row : scope.rows) {
    const std::string& path = row.key->path;
    const auto is_it = [&](const Member& member) { return scope.prefix + member.key == path; };
    const bool is_needed = row.key->is_required && path.starts_with(scope.prefix);
    if (is_needed && std::none_of(mapping.members.begin(), mapping.members.end(), is_it)) {
      report_.add(mapping.place, join_key(scope.key, path.substr(scope.prefix.size())),
                  "missing: expected " + row.key->expects);
    }
  }
}

void MappingReader::store(const YamlNode& node, const std::string& key, const BoundRow& row) {
  if (!row.key->is_list) {
    store_text(node, key, row);
    return;
  }
  if (!expect_kind(node, YamlNode::Kind::List, key, "a list, each item " + row.key->expects)) {
    return;
  }
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    store_text(node.items[i], item_key(key, i), row);
  }
}

void MappingReader::store_text(const YamlNode& node, const std::string& key, const BoundRow& row) {
  if (!expect_kind(node, YamlNode::Kind::Scalar, key, row.key->expects)) {
    return;
  }
  const Result<std::string> text = expand(node.text, variables_);
  if (!text) {
    report_.add(node.place, key, text.error().detail);
  } else if (find_non_text(*text, Layout::OneLine)) {
    report_.add(node.place, key,
                "expected one line of UTF-8 without control characters, found " + quoted(*text));
  } else if (!row.store(*text)) {
    const std::string fault = row.key->fault ? ": " + row.key->fault(*text) : "";
    report_.add(node.place, key, "expected " + row.key->expects + ", found " + quoted(*text) + fault);
  } else {
    report_.note(key, node.place);
  }
}

}  // namespace limpet::settings
