#include "bench/table_listing.h"

#include <stdexcept>

#include "app/admin_pins.h"
#include "bench/table_rig.h"

namespace limpet::bench {

ListingSource::ListingSource(affinity::AffinityTable& table) : table_(table) {
  constexpr std::uint32_t kBackends = 1000;
  std::vector<backends::Backend> list(kBackends);
  for (std::uint32_t i = 0; i < kBackends; ++i) {
    list[i].id = i + 1;
    list[i].spec.name = "backend-number-" + std::to_string(i);
    list[i].state = std::make_shared<backends::BackendState>();
  }
  snapshot_.pools.emplace_back();
  snapshot_.pools.back().id = 1;
  snapshot_.pools.back().name = "default";
  snapshot_.pools.back().backends = backends::BackendSet(std::move(list));
}

admin::OrRefusal<admin::PinPage> ListingSource::pins(const admin::PinQuery& query) const {
  auto page = app::list_pins({.snapshot = snapshot_,
                              .table = table_,
                              .now = kNow,
                              .wall_now = WallTime(std::chrono::hours(500'000))},
                             query);
  next_ = std::get<admin::PinPage>(page).next;
  return page;
}

std::string ListingSource::answer_page(std::size_t limit) {
  const std::string query = "limit=" + std::to_string(limit) + "&cursor=" + std::to_string(next_);
  http::RequestHead head;
  head.method = "GET";
  head.path = "/v1/affinity";
  head.query = query;
  auto outcome = admin::route({.request = head, .body = {}, .key = {}}, *this);
  std::string text;
  admin::append_answer(text, std::get<admin::Answer>(outcome), {});
  if (!text.starts_with("HTTP/1.1 200")) {
    std::fputs(text.c_str(), stderr);
    std::abort();
  }
  return text;
}

}  // namespace limpet::bench
