// LoadReport: what one node says of the load of its backends. Pure. Any thread.
//
//   1 NODE[ POOL:BACKEND:LOAD]...      names are percent-encoded
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace limpet::sharing {

struct LoadItem {
  std::string pool;
  std::string backend;
  std::uint32_t load = 0;

  friend bool operator==(const LoadItem&, const LoadItem&) = default;
};

struct LoadReport {
  std::string node;  // a process of limpet: 16 hex digits
  std::vector<LoadItem> items;

  friend bool operator==(const LoadReport&, const LoadReport&) = default;
};

// Longer ones are sent as several: what a Redis passes on at once.
inline constexpr std::size_t kMostLoadItems = 1000;

[[nodiscard]] std::string write_report(const LoadReport& report);
// None for anything that write_report() does not write.
[[nodiscard]] std::optional<LoadReport> read_report(std::string_view text);

}  // namespace limpet::sharing
