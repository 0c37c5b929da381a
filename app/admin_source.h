// AdminSource: what the admin endpoint may know and do, taken from the running server. Owned by the Server
// beside the endpoint, which goes first. Control thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "admin/source.h"
#include "app/admin_pins.h"
#include "app/forecasts.h"
#include "app/recorder.h"
#include "app/run_time_changes.h"
#include "app/session_orders.h"
#include "base/counters.h"
#include "net/mailbox.h"
#include "proxy/worker.h"

namespace limpet::app {

class Server;

class AdminSource final : public admin::Source {
 public:
  explicit AdminSource(Server& server);
  AdminSource(const AdminSource&) = delete;
  AdminSource& operator=(const AdminSource&) = delete;

  [[nodiscard]] std::string_view why_not_ready() const override;
  [[nodiscard]] admin::StatusInfo status() const override;
  [[nodiscard]] std::vector<admin::BackendInfo> backends() const override;
  // admin_metrics.cc
  [[nodiscard]] admin::MetricsInfo metrics() const override;
  [[nodiscard]] const admin::History& history() const override { return recorder_.history(); }

  [[nodiscard]] admin::OrRefusal<admin::PinPage> pins(const admin::PinQuery& query) const override;
  [[nodiscard]] admin::OrRefusal<admin::PinInfo> pin(const admin::KeyChoice& choice) const override;
  [[nodiscard]] admin::OrRefusal<admin::PinInfo> set_pin(const admin::KeyChoice& choice,
                                                         const admin::PinTarget& target) override;
  [[nodiscard]] admin::OrRefusal<admin::PinInfo> forget_pin(const admin::KeyChoice& choice) override;
  [[nodiscard]] admin::OrRefusal<admin::Explanation> explain(const admin::ExplainQuery& query) const override;

  [[nodiscard]] admin::OrRefusal<admin::BackendInfo> set_mode(const admin::BackendChoice& backend,
                                                              const admin::ModeOrder& order) override;
  // admin_configuration.cc
  [[nodiscard]] admin::OrRefusal<admin::ReloadReport> reload(bool plan) override;
  [[nodiscard]] admin::OrRefusal<admin::BackendInfo> add_backend(const admin::NewBackend& backend) override;
  [[nodiscard]] admin::OrRefusal<admin::BackendInfo> remove_backend(
      const admin::BackendChoice& choice) override;
  [[nodiscard]] admin::OrRefusal<admin::BackendInfo> set_weight(const admin::BackendChoice& choice,
                                                                const std::string& weight) override;

  void list_sessions(const admin::SessionQuery& query, admin::SessionsWaiter& waiter) override;
  void end_session(const admin::SessionEnd& end, admin::SessionsWaiter& waiter) override;
  void cancel(admin::SessionsWaiter& waiter) override;
  void upgrade(admin::UpgradeWaiter& waiter) override;
  void stop_waiting(admin::UpgradeWaiter& waiter) override;
  void forecast(const admin::ForecastQuery& query, admin::ForecastWaiter& waiter) override;
  void drop(admin::ForecastWaiter& waiter) override;
  void publish(const admin::PublishOrder& order, admin::PublishWaiter& waiter) override;
  void forget(admin::PublishWaiter& waiter) override;
  [[nodiscard]] std::size_t most_message_bytes() const override;

 private:
  void log_change(std::string_view event, const admin::PinInfo& pin) const;
  [[nodiscard]] bool rests_from_accepting() const;
  [[nodiscard]] admin::ConfigurationInfo configuration() const;
  [[nodiscard]] admin::OrRefusal<admin::BackendInfo> run_time_change(admin::OrRefusal<RunTimeChange> change);
  // A page under way: the workers are asked one after the other until it is full.
  struct Ask {
    admin::SessionsWaiter* waiter = nullptr;  // never null
    std::size_t worker = 0;                   // the one that is being asked
    std::size_t limit = 0;
    std::optional<backends::BackendId> backend;
    admin::SessionPage page;
  };

  [[nodiscard]] admin::BackendMetrics backend_metrics(const affinity::PoolView& pool,
                                                      const backends::Backend& backend) const;
  [[nodiscard]] PinContext pin_context() const;
  [[nodiscard]] admin::BackendInfo backend_info(const affinity::PoolView& pool,
                                                const backends::Backend& backend) const;
  [[nodiscard]] admin::SessionInfo info_of(proxy::SessionView view) const;
  void ask(std::uint64_t question, const Ask& ask, std::size_t from);
  void on_reply(proxy::SessionReply reply);

  Server& server_;
  std::map<std::uint64_t, Ask> asks_;  // by question
  std::uint64_t last_question_ = 0;
  net::Mailbox<proxy::SessionReply> replies_;
  SessionOrders orders_;
  Forecasts forecasts_;
  Recorder recorder_;
};

}  // namespace limpet::app
