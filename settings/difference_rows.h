// How the rows of the schema compare and show two owners. Parts of difference.h; nobody else includes this.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "settings/difference.h"
#include "settings/report.h"
#include "settings/schema.h"

namespace limpet::settings {

template <typename Owner>
[[nodiscard]] std::string shown(const Row<Owner>& row, const Owner& owner) {
  const std::vector<std::string> texts = row.show(owner);
  if (!row.key.is_list) {
    return texts.front();
  }
  std::string list = "[";
  for (const std::string& text : texts) {
    list += (list.size() > 1 ? ", " : "") + text;
  }
  return list + "]";
}

// The keys of one owner that have another value. `except` names the owner, and is compared elsewhere.
template <typename Owner>
void compare(const Rows<Owner>& rows, const Owner& from, const Owner& to, const Change& model,
             std::vector<Change>& changes, std::string_view except = {}) {
  for (const Row<Owner>& row : rows) {
    std::string before = shown(row, from);
    std::string after = shown(row, to);
    if (row.key.path == except || row.key.is_shared || before == after) {
      continue;
    }
    Change& change = changes.emplace_back(model);
    change.key = join_key(model.key, row.key.path);
    change.from = std::move(before);
    change.to = std::move(after);
    change.is_reloadable = row.key.is_reloadable;
    change.reaches_sessions = row.key.reaches_sessions;
  }
}

// "address: 10.0.0.1:3000, weight: 1", without what is empty.
template <typename Owner>
[[nodiscard]] std::string summary(const Rows<Owner>& rows, const Owner& owner, std::string_view except = {}) {
  std::string text;
  for (const Row<Owner>& row : rows) {
    const std::string value = shown(row, owner);
    if (row.key.path != except && !value.empty()) {
      text.append(text.empty() ? "" : ", ").append(row.key.path).append(": ").append(value);
    }
  }
  return text;
}

// difference_tls.cc: "off" without the section.
[[nodiscard]] std::string tls_text(const std::optional<ListenerTls>& tls);
[[nodiscard]] std::string tls_text(const std::optional<BackendTls>& tls);
// Keys of the section `tls`, or the section itself where only one side has it.
void compare_tls(const Listener& from, const Listener& to, const Change& model, std::vector<Change>& changes);
void compare_tls(const Backend& from, const Backend& to, const Change& model, std::vector<Change>& changes);

// What stands in the difference for all of an owner.
template <typename Owner>
[[nodiscard]] std::string summary_with_tls(const Rows<Owner>& rows, const Owner& owner,
                                           std::string_view except) {
  std::string text = summary(rows, owner, except);
  if (owner.tls) {
    text.append(", tls: {").append(tls_text(owner.tls)).append("}");
  }
  return text;
}

// difference_pools.cc
void compare_pools(const Settings& from, const Settings& to, std::vector<Change>& changes);
// Keys that stand in a pool's settings although all pools share them.
void compare_shared(const Settings& from, const Settings& to, std::vector<Change>& changes);

}  // namespace limpet::settings
