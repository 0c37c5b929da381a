#include "tests/cost/costs.h"

#include <algorithm>

namespace limpet::test {

namespace {

constexpr std::size_t kWhole = 100;  // per cent

// What is not recorded may not be.
Cost row_of(const std::vector<Cost>& recorded, cost::Counted what) {
  const auto row =
      std::find_if(recorded.begin(), recorded.end(), [what](const Cost& each) { return each.what == what; });
  return row == recorded.end() ? Cost{what, 0, nullptr} : *row;
}

}  // namespace

const char* name_of(cost::Counted what) noexcept {
#define LIMPET_COUNTED_NAME(name) #name,
  constexpr std::array<const char*, cost::kCounted> names = {
      LIMPET_COUNTED_CALLS(LIMPET_COUNTED_NAME) "allocations"};
#undef LIMPET_COUNTED_NAME
  return names[static_cast<std::size_t>(what)];
}

CallCounts kept_within(const std::vector<CallCounts>& taken, std::size_t per_cent) {
  CallCounts kept{};
  for (std::size_t what = 0; what < kept.size(); ++what) {
    std::vector<std::uint64_t> sorted;
    for (const CallCounts& each : taken) {
      sorted.push_back(each[what]);
    }
    std::sort(sorted.begin(), sorted.end());
    kept[what] = sorted[(sorted.size() * per_cent + kWhole - 1) / kWhole - 1];
  }
  return kept;
}

std::string growth(const std::vector<Cost>& recorded, const CallCounts& taken) {
  std::string lines;
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const auto what = static_cast<cost::Counted>(i);
    const Cost row = row_of(recorded, what);
    if (taken[i] > row.most) {
      lines += std::string(name_of(what)) + " grew from " + std::to_string(row.most) + " to " +
               std::to_string(taken[i]);
      lines += row.why == nullptr ? "\n" : std::string("; recorded for: ") + row.why + "\n";
    }
  }
  return lines;
}

std::string listed(const CallCounts& taken) {
  std::string line;
  for (std::size_t i = 0; i < taken.size(); ++i) {
    if (taken[i] > 0) {
      line += (line.empty() ? "" : ", ") + std::to_string(taken[i]) + " " +
              name_of(static_cast<cost::Counted>(i));
    }
  }
  return line;
}

}  // namespace limpet::test
