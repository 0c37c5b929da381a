// ListingSource: a source of the admin endpoint that knows an affinity table and 1000 backends, as the app's
// does, and nothing else. One thread.
#pragma once

#include <string>

#include "admin/routes.h"
#include "admin/source.h"
#include "affinity/table.h"
#include "proxy/snapshot.h"

namespace limpet::bench {

class ListingSource final : public admin::Source {
 public:
  explicit ListingSource(affinity::AffinityTable& table);

  // GET /v1/affinity with that limit, from where the page before ended, up to the text of the answer.
  std::string answer_page(std::size_t limit);

  [[nodiscard]] admin::OrRefusal<admin::PinPage> pins(const admin::PinQuery& query) const override;

  // Not asked for.
  [[nodiscard]] std::string_view why_not_ready() const override { return {}; }
  [[nodiscard]] admin::StatusInfo status() const override { return {}; }
  [[nodiscard]] std::vector<admin::BackendInfo> backends() const override { return {}; }
  [[nodiscard]] admin::OrRefusal<admin::PinInfo> pin(const admin::KeyChoice&) const override { return {}; }
  [[nodiscard]] admin::OrRefusal<admin::PinInfo> set_pin(const admin::KeyChoice&,
                                                         const std::string&) override {
    return {};
  }
  [[nodiscard]] admin::OrRefusal<admin::PinInfo> forget_pin(const admin::KeyChoice&) override { return {}; }
  [[nodiscard]] admin::OrRefusal<admin::Explanation> explain(const admin::ExplainQuery&) const override {
    return {};
  }
  void list_sessions(const admin::SessionQuery&, admin::SessionsWaiter&) override {}
  void cancel(admin::SessionsWaiter&) override {}

 private:
  affinity::AffinityTable& table_;
  proxy::Snapshot snapshot_;
  mutable std::uint64_t next_ = 0;
};

}  // namespace limpet::bench
