// The dashboard: a page for people and its files (admin/dashboard/), which are compiled in: see
// cmake/dashboard.cmake. They are the same for everybody and tell nothing; what they show is asked of the
// other calls. Any thread.
#pragma once

#include <span>
#include <string_view>

namespace limpet::admin {

struct DashboardFile {
  std::string_view name;
  std::string_view content_type;
  std::string_view text;
};

// "dashboard.html" is the page itself.
[[nodiscard]] std::span<const DashboardFile> dashboard_files() noexcept;

}  // namespace limpet::admin
