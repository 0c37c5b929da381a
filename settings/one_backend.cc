#include "settings/one_backend.h"

#include <algorithm>
#include <optional>

#include "settings/plain_text.h"
#include "settings/report.h"
#include "settings/schema.h"

namespace limpet::settings {

namespace {

const Row<Backend>* row_of(std::string_view key) {
  const auto& rows = backend_rows();
  const auto found = std::ranges::find_if(rows, [&](const auto& row) { return row.key.path == key; });
  return found != rows.end() ? &*found : nullptr;
}

std::string known_keys() {
  std::string keys;
  for (const auto& row : backend_rows()) {
    keys += (keys.empty() ? "" : ", ") + row.key.path;
  }
  return keys;
}

std::optional<KeyFault> store(Backend& backend, const std::string& key, const std::string& text) {
  const Row<Backend>* const row = row_of(key);
  if (row == nullptr) {
    return KeyFault{key, "a backend has no such key: expected one of " + known_keys()};
  }
  if (find_non_text(text, Layout::OneLine)) {
    return KeyFault{key, "expected one line of UTF-8 without control characters, found " + quoted(text)};
  }
  if (!row->store(backend, text)) {
    const std::string fault = row->key.fault ? ": " + row->key.fault(text) : "";
    return KeyFault{key, "expected " + row->key.expects + ", found " + quoted(text) + fault};
  }
  return std::nullopt;
}

}  // namespace

std::variant<Backend, std::vector<KeyFault>> read_backend(const KeyTexts& values, Backend base) {
  std::vector<KeyFault> faults;
  for (const auto& [key, text] : values) {
    if (auto fault = store(base, key, text)) {
      faults.push_back(std::move(*fault));
    }
  }
  for (const auto& row : backend_rows()) {
    const bool is_given =
        std::ranges::find(values, row.key.path, &KeyTexts::value_type::first) != values.end();
    if (row.key.is_required && !is_given && base.address == Endpoint{}) {
      faults.push_back({row.key.path, "missing: expected " + row.key.expects});
    }
  }
  if (!faults.empty()) {
    return faults;
  }
  if (base.name.empty()) {
    base.name = base.address.to_string();
  }
  return base;
}

}  // namespace limpet::settings
