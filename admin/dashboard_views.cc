// The calls that a browser shows. Declared in views.h.
#include <algorithm>
#include <string>

#include "admin/dashboard.h"
#include "admin/views.h"

namespace limpet::admin {

namespace {

constexpr std::string_view kPage = "dashboard.html";

Answer file_answer(std::string_view name) {
  const auto files = dashboard_files();
  const auto file = std::ranges::find(files, name, &DashboardFile::name);
  if (file == files.end()) {
    return to_answer({404, "not_found", "the dashboard has no such file"});
  }
  return {.status = 200, .content_type = file->content_type, .body = std::string(file->text), .allow = {}};
}

}  // namespace

Outcome view_dashboard(const Call&, Source&) {
  return file_answer(kPage);
}

Outcome view_dashboard_file(const Call& call, Source&) {
  return file_answer(call.key);
}

Outcome view_help(const Call&, Source&) {
  return help_page();
}

}  // namespace limpet::admin
