// Paging: limit, cursor and the backend filter, which every listing takes alike. Pure. Any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "admin/parameters.h"
#include "admin/source.h"

namespace limpet::admin {

inline constexpr std::uint64_t kDefaultPage = 100;
inline constexpr std::uint64_t kLargestPage = 1000;

struct Paging {
  std::size_t limit = kDefaultPage;
  std::uint64_t cursor = 0;
  BackendChoice backend;
};

[[nodiscard]] OrRefusal<Paging> read_paging(const Parameters& parameters);

// None when the parameter is not there.
[[nodiscard]] OrRefusal<std::optional<affinity::KeyKind>> read_kind(const std::optional<std::string>& word);

}  // namespace limpet::admin
