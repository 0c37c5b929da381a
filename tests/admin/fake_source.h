// FakeSource: a source of the admin endpoint with made-up backends, pins and sessions; it remembers what it
// was asked.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/source.h"

namespace limpet::test {

class FakeSource final : public admin::Source {
 public:
  std::string_view missing;  // empty = ready
  std::vector<admin::PinInfo> table;
  std::vector<admin::SessionInfo> live;
  bool answers_at_once = true;  // sessions; else answer_waiter() does
  std::optional<admin::PinQuery> last_query;
  std::optional<admin::KeyChoice> last_choice;
  std::optional<admin::PinTarget> last_target;
  std::optional<admin::ExplainQuery> last_explained;
  std::optional<admin::BackendChoice> last_backend;  // whose mode was set
  std::optional<admin::ModeOrder> last_order;
  std::optional<admin::DrainInfo> drain_of_b1;
  std::size_t cancelled = 0;
  std::vector<std::uint64_t> ended;
  admin::ReloadReport report;
  std::optional<bool> last_plan;
  std::optional<admin::NewBackend> last_added;
  std::string last_weight;

  void add_pin(const std::string& key, const std::string& backend) {
    table.push_back({.key = key,
                     .kind = affinity::KeyKind::Header,
                     .pool = "default",
                     .backend = backend,
                     .reason = affinity::PinReason::Hash,
                     .sessions = 0,
                     .created = WallTime(Duration(0)),
                     .last_seen = WallTime(Duration(1500)),
                     .expires = WallTime(Duration(3'601'500))});
  }

  [[nodiscard]] std::string_view why_not_ready() const override { return missing; }
  [[nodiscard]] admin::StatusInfo status() const override {
    return {.version = "1.2.3",
            .uptime = Duration(1500),
            .workers = 2,
            .generation = 7,
            .sessions = live.size(),
            .totals = {{"requests", 5}, {"connections", 3}},
            .ends = {{"completed", 4}},
            .listeners = {{"127.0.0.1:8080", "default", {{{"a.test"}, WallTime(), -3}}, "no_key_change"},
                          {"unix:/run/x", ""}},
            .tls_clients = {.handshakes = 9, .resumed = 4, .handed_over = 1, .failures = {{"not_tls", 2}}},
            .pins = table.size(),
            .config = {"/etc/limpet.yaml", 7, WallTime(Duration(1000)), "signal"},
            .pid = 4711,
            .predecessor = predecessor,
            .pools = {{"default", 100, Duration(30'000)}},
            .not_ready = "no_backend",
            .room = {{"descriptors", 30, 1024}},
            .evicted_pins = 3};
  }
  [[nodiscard]] std::vector<admin::BackendInfo> backends() const override {
    admin::BackendInfo probed{
        .name = "b1", .pool = "default", .address = "127.0.0.1:1", .last_probe = std::nullopt};
    probed.health = backends::Health::Up;
    probed.last_probe = {
        .ok = true, .detail = "connected", .when = WallTime(Duration(1000)), .took = Duration(3)};
    probed.drain = drain_of_b1;
    return {probed, {.name = "b2", .pool = "default", .address = "127.0.0.1:2", .last_probe = std::nullopt}};
  }

  admin::MetricsInfo numbers;  // beside the status
  [[nodiscard]] admin::MetricsInfo metrics() const override {
    admin::MetricsInfo all = numbers;
    all.status = status();
    return all;
  }
  admin::History hour;
  [[nodiscard]] const admin::History& history() const override { return hour; }

  [[nodiscard]] admin::OrRefusal<admin::PinPage> pins(const admin::PinQuery& query) const override {
    const_cast<FakeSource*>(this)->last_query = query;
    admin::PinPage page{.total = table.size(), .entries = {}, .next = 0};
    const std::size_t end = std::min(table.size(), query.cursor + query.limit);
    for (std::size_t i = query.cursor; i < end; ++i) {
      if (query.backend.name.empty() || query.backend.name == table[i].backend) {
        page.entries.push_back(table[i]);
      }
    }
    page.next = end < table.size() ? end : 0;
    return page;
  }
  [[nodiscard]] admin::OrRefusal<admin::PinInfo> pin(const admin::KeyChoice& choice) const override {
    const auto found = std::ranges::find(table, choice.key, &admin::PinInfo::key);
    return found != table.end() ? admin::OrRefusal<admin::PinInfo>(*found)
                                : admin::Refusal{404, "key", "none"};
  }
  [[nodiscard]] admin::OrRefusal<admin::PinInfo> set_pin(const admin::KeyChoice& choice,
                                                         const admin::PinTarget& target) override {
    last_choice = choice;
    last_target = target;
    add_pin(choice.key, target.backend);
    return table.back();
  }
  [[nodiscard]] admin::OrRefusal<admin::PinInfo> forget_pin(const admin::KeyChoice& choice) override {
    auto found = pin(choice);
    std::erase_if(table, [&](const admin::PinInfo& entry) { return entry.key == choice.key; });
    return found;
  }
  [[nodiscard]] admin::OrRefusal<admin::Explanation> explain(
      const admin::ExplainQuery& query) const override {
    const_cast<FakeSource*>(this)->last_explained = query;
    return admin::Explanation{.pool = "default",
                              .key = affinity::Key::make(affinity::KeyKind::ClientIp, "10.0.0.1"),
                              .steps = {{"pin", "", "none"}, {"walk", "b1", "taken"}},
                              .backend = "b1",
                              .reason = "hash"};
  }

  [[nodiscard]] admin::OrRefusal<admin::BackendInfo> set_mode(const admin::BackendChoice& backend,
                                                              const admin::ModeOrder& order) override {
    last_backend = backend;
    last_order = order;
    if (backend.name != "b1") {
      return admin::Refusal{404, "backend", "none"};
    }
    admin::BackendInfo info = backends().front();
    info.mode = order.mode;
    return info;
  }
  // Sessions of `live` are found.
  void end_session(const admin::SessionEnd& end, admin::SessionsWaiter& waiter) override {
    ended.push_back(end.id);
    if (std::ranges::find(live, end.id, &admin::SessionInfo::id) != live.end()) {
      waiter.on_ended(admin::EndedSession{end.id});
    } else {
      waiter.on_ended(admin::Refusal{404, "session", "none"});
    }
  }
  [[nodiscard]] admin::OrRefusal<admin::ReloadReport> reload(bool plan) override {
    last_plan = plan;
    return report;
  }
  [[nodiscard]] admin::OrRefusal<admin::BackendInfo> add_backend(const admin::NewBackend& backend) override {
    last_added = backend;
    return backends().front();
  }
  [[nodiscard]] admin::OrRefusal<admin::BackendInfo> remove_backend(
      const admin::BackendChoice& choice) override {
    last_backend = choice;
    return backends().front();
  }
  [[nodiscard]] admin::OrRefusal<admin::BackendInfo> set_weight(const admin::BackendChoice& choice,
                                                                const std::string& weight) override {
    last_backend = choice;
    last_weight = weight;
    return backends().front();
  }

  std::optional<admin::ForecastQuery> last_forecast;
  admin::ForecastWaiter* forecast_waiter = nullptr;
  void forecast(const admin::ForecastQuery& query, admin::ForecastWaiter& waiter) override {
    last_forecast = query;
    forecast_waiter = &waiter;
    if (answers_at_once) {
      waiter.on_forecast(admin::ForecastInfo{.query = query,
                                             .keys = 10,
                                             .sessions = 4,
                                             .moves = {{"b2", "b1", true, 3, 2}, {"b2", "", true, 1, 0}}});
    }
  }
  void drop(admin::ForecastWaiter& waiter) override {
    if (forecast_waiter == &waiter) {
      forecast_waiter = nullptr;
    }
  }

  void list_sessions(const admin::SessionQuery& query, admin::SessionsWaiter& waiter) override {
    waiting_ = &waiter;
    asked_ = query;
    if (answers_at_once) {
      answer_waiter();
    }
  }
  void cancel(admin::SessionsWaiter& waiter) override {
    cancelled += waiting_ == &waiter ? 1U : 0U;
    waiting_ = waiting_ == &waiter ? nullptr : waiting_;
  }
  void upgrade(admin::UpgradeWaiter& waiter) override {
    upgrade_waiter = &waiter;
    if (answers_at_once) {
      answer_upgrade(admin::Refusal{409, "upgrade_refused", "an upgrade is under way"});
    }
  }
  void stop_waiting(admin::UpgradeWaiter& waiter) override {
    upgrade_waiter = upgrade_waiter == &waiter ? nullptr : upgrade_waiter;
  }
  void answer_upgrade(const admin::OrRefusal<admin::UpgradeInfo>& upgrade) {
    std::exchange(upgrade_waiter, nullptr)->on_upgrade(upgrade);
  }
  void publish(const admin::PublishOrder& order, admin::PublishWaiter& waiter) override {
    published.push_back(order);
    waiter.on_published(publish_answer);
  }
  void forget(admin::PublishWaiter&) override {}
  [[nodiscard]] std::size_t most_message_bytes() const override { return 1000; }
  std::vector<admin::PublishOrder> published;
  admin::OrRefusal<admin::PublishInfo> publish_answer =
      admin::PublishInfo{.matched = 4, .sent = 2, .queued = 1, .dropped = 1};
  admin::UpgradeWaiter* upgrade_waiter = nullptr;  // null unless somebody waits
  std::optional<admin::PredecessorInfo> predecessor;
  [[nodiscard]] bool has_waiter() const noexcept { return waiting_ != nullptr; }
  void answer_waiter() {
    admin::SessionPage page;
    const std::size_t end = std::min(live.size(), asked_.cursor + asked_.limit);
    for (std::size_t i = asked_.cursor; i < end; ++i) {
      page.sessions.push_back(live[i]);
    }
    page.next = end < live.size() ? end : 0;
    std::exchange(waiting_, nullptr)->on_sessions(std::move(page));
  }

 private:
  admin::SessionsWaiter* waiting_ = nullptr;
  admin::SessionQuery asked_;
};

}  // namespace limpet::test
