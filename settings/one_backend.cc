#include "settings/one_backend.h"

#include <algorithm>
#include <optional>

#include "settings/check.h"
#include "settings/plain_text.h"
#include "settings/report.h"
#include "settings/schema.h"

namespace limpet::settings {

namespace {

constexpr std::string_view kTls = "tls";
constexpr std::string_view kInTls = "tls.";

template <typename Owner>
std::string known_keys(const Rows<Owner>& rows, std::string_view prefix = {}) {
  std::string keys;
  for (const auto& row : rows) {
    keys.append(keys.empty() ? "" : ", ").append(prefix).append(row.key.path);
  }
  return keys;
}

template <typename Owner>
std::optional<KeyFault> store_in(const Rows<Owner>& rows, std::string_view name, Owner& owner,
                                 const KeyTexts::value_type& value) {
  const auto& [key, text] = value;
  const auto row = std::ranges::find_if(rows, [&](const auto& one) { return one.key.path == name; });
  if (row == rows.end()) {
    return KeyFault{key, "a backend has no such key: expected one of " + known_keys(backend_rows()) + ", " +
                             known_keys(backend_tls_rows(), kInTls)};
  }
  if (find_non_text(text, Layout::OneLine)) {
    return KeyFault{key, "expected one line of UTF-8 without control characters, found " + quoted(text)};
  }
  if (!row->store(owner, text)) {
    const std::string fault = row->key.fault ? ": " + row->key.fault(text) : "";
    return KeyFault{key, "expected " + row->key.expects + ", found " + quoted(text) + fault};
  }
  return std::nullopt;
}

std::optional<KeyFault> store(Backend& backend, const KeyTexts::value_type& value) {
  const auto& [key, text] = value;
  const bool is_section = key == kTls;
  if (!is_section && !key.starts_with(kInTls)) {
    return store_in(backend_rows(), key, backend, value);
  }
  if (is_section && text != kSection) {
    return KeyFault{key, "expected {verify: ..., server_name: ..., ...}, found " + quoted(text)};
  }
  BackendTls& tls = backend.tls ? *backend.tls : backend.tls.emplace();
  return is_section ? std::nullopt
                    : store_in(backend_tls_rows(), std::string_view(key).substr(kInTls.size()), tls, value);
}

}  // namespace

std::variant<Backend, std::vector<KeyFault>> read_backend(const KeyTexts& values, Backend base) {
  std::vector<KeyFault> faults;
  for (const auto& value : values) {
    if (auto fault = store(base, value)) {
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
  if (const auto fault = tls_fault(base)) {
    faults.push_back({std::string(kTls), std::string(*fault)});
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
