// Finds pools and backends of a configuration by their names, which are unique where they are looked for.
// Pure. Any thread.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "settings/settings.h"

namespace limpet::settings {

// Null when there is none; as constant as the list.
template <typename List>
[[nodiscard]] auto find_named(List& list, std::string_view name) -> decltype(&list.front()) {
  const auto found = std::ranges::find(list, name, &List::value_type::name);
  return found != list.end() ? &*found : nullptr;
}

[[nodiscard]] inline const Backend* find_backend(const Settings& settings, std::string_view pool,
                                                 std::string_view backend) {
  const Pool* const found = find_named(settings.pools, pool);
  return found != nullptr ? find_named(found->backends, backend) : nullptr;
}

}  // namespace limpet::settings
