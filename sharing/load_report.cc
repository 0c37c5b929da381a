#include "sharing/load_report.h"

#include <utility>

#include "base/number.h"
#include "base/percent.h"
#include "base/text.h"
#include "sharing/node_name.h"

namespace limpet::sharing {

namespace {

constexpr std::string_view kBegin = "1 ";

std::optional<LoadItem> read_item(std::string_view text) {
  auto pool = percent_decode(take_until(text, ':'));
  auto backend = percent_decode(take_until(text, ':'));
  const auto load = whole_number<std::uint32_t>(text);
  if (!pool || pool->empty() || !backend || backend->empty() || !load) {
    return std::nullopt;
  }
  return LoadItem{.pool = std::move(*pool), .backend = std::move(*backend), .load = *load};
}

}  // namespace

std::string write_report(const LoadReport& report) {
  std::string out(kBegin);
  out += report.node;
  for (const LoadItem& item : report.items) {
    out += ' ';
    out += percent_encode(item.pool);
    out += ':';
    out += percent_encode(item.backend);
    out += ':';
    out += std::to_string(item.load);
  }
  return out;
}

std::optional<LoadReport> read_report(std::string_view text) {
  if (!text.starts_with(kBegin)) {
    return std::nullopt;
  }
  text.remove_prefix(kBegin.size());
  LoadReport report{.node = std::string(take_until(text, ' ')), .items = {}};
  if (!is_node_name(report.node)) {
    return std::nullopt;
  }
  while (!text.empty()) {
    auto item = read_item(take_until(text, ' '));
    if (!item || report.items.size() == kMostLoadItems) {
      return std::nullopt;
    }
    report.items.push_back(std::move(*item));
  }
  return report;
}

}  // namespace limpet::sharing
