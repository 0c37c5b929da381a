// MappingReader: reads mappings whose keys have rows in the schema. It knows rows; what they are for is known
// to reader.cc. Owned by one load. Control thread.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "settings/expand.h"
#include "settings/report.h"
#include "settings/schema.h"
#include "settings/yaml.h"

namespace limpet::settings {

// A row together with the object that it stores into; both outlive it.
struct BoundRow {
  const Key* key;
  std::function<bool(std::string_view)> store;
};

template <typename Owner>
[[nodiscard]] std::vector<BoundRow> bind_rows(const Rows<Owner>& rows, Owner& owner) {
  std::vector<BoundRow> bound;
  for (const auto& row : rows) {
    bound.push_back({&row.key, [&row, &owner](std::string_view text) { return row.store(owner, text); }});
  }
  return bound;
}

// Where in the document a mapping stands, and what it may contain.
struct Scope {
  std::string key;  // dotted, as messages name it; empty at the top level
  std::span<const BoundRow> rows;
  std::string prefix;  // what the paths of the rows that stand here begin with: "", "cookie."
  std::span<const std::string_view> sections = {};  // further keys that the caller reads itself
  bool in_pool = false;                             // keys that all pools share may not stand here
};

class MappingReader {
 public:
  MappingReader(const Variables& variables, Report& report) : variables_(variables), report_(report) {}

  // Reports and answers false when the node is not of that kind. `what` completes "expected ...".
  bool expect_kind(const YamlNode& node, YamlNode::Kind kind, const std::string& key,
                   const std::string& what);
  // The members of a mapping, first occurrences only; repeated keys are reported.
  [[nodiscard]] std::vector<const Member*> unique_members(const YamlNode& mapping, const std::string& key);
  // Reads all members that have rows, reports all that are unknown and all that are missing.
  // Anything but a mapping is reported.
  void read(const YamlNode& node, const Scope& scope);
  // Expands and stores the value of one row, or reports why it cannot.
  void store(const YamlNode& node, const std::string& key, const BoundRow& row);

 private:
  void read_member(const Member& member, const Scope& scope);
  void report_missing(const YamlNode& mapping, const Scope& scope);
  void store_text(const YamlNode& node, const std::string& key, const BoundRow& row);

  const Variables& variables_;
  Report& report_;
};

}  // namespace limpet::settings
