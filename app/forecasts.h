// Forecasts: the forecasts that were asked for, one after the other in steps of less than a millisecond, so
// that control does its other work between them and workers notice nothing. Owned by AdminSource. Control
// thread.
#pragma once

#include <deque>
#include <memory>

#include "admin/forecast_info.h"
#include "affinity/forecast.h"
#include "app/admin_pins.h"
#include "net/timer.h"
#include "net/uv_loop.h"

namespace limpet::app {

// Refuses a pool and backends that are not there, and a newcomer that is. `snapshot` is borrowed for the
// call.
[[nodiscard]] admin::OrRefusal<affinity::Forecast> begin_forecast(const proxy::Snapshot& snapshot,
                                                                  const admin::ForecastQuery& query);
[[nodiscard]] admin::ForecastInfo info_of(const affinity::Forecast& forecast);

class Forecasts {
 public:
  // Both outlive it.
  Forecasts(net::UvLoop& loop, const affinity::AffinityTable& table, const Clock& clock)
      : loop_(loop), table_(table), clock_(clock) {}

  void add(affinity::Forecast forecast, admin::ForecastWaiter& waiter);
  void drop(admin::ForecastWaiter& waiter);

 private:
  struct Job {
    affinity::Forecast forecast;
    admin::ForecastWaiter* waiter;  // never null
  };

  void step();

  net::UvLoop& loop_;
  const affinity::AffinityTable& table_;
  const Clock& clock_;
  std::deque<Job> jobs_;
  std::unique_ptr<net::Timer> timer_;  // null while there is no job
};

}  // namespace limpet::app
