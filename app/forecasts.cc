#include "app/forecasts.h"

#include <algorithm>
#include <string>
#include <utility>

namespace limpet::app {

namespace {

using admin::ForecastInfo;
using admin::ForecastQuery;
using admin::OrRefusal;
using admin::Refusal;
using affinity::Forecast;

// Half of the time a forecast leaves control to others.
constexpr Duration kStepEvery{1};

}  // namespace

OrRefusal<Forecast> begin_forecast(const proxy::Snapshot& snapshot, const ForecastQuery& query) {
  const auto located = locate(snapshot, {.name = query.without, .pool = query.pool});
  if (const auto* const refusal = std::get_if<Refusal>(&located)) {
    return *refusal;
  }
  const affinity::PoolView* pool = std::get<LocatedBackend>(located).pool;
  if (pool == nullptr) {
    const auto named = locate_pool(snapshot, query.pool);
    if (const auto* const refusal = std::get_if<Refusal>(&named)) {
      return *refusal;
    }
    pool = std::get<const affinity::PoolView*>(named);
  }
  if (!query.with.empty() && pool->backends.by_name(query.with) != nullptr) {
    return Refusal{409, "with", "pool \"" + pool->name + "\" has a backend \"" + query.with + "\" already"};
  }
  return Forecast(*pool, {.without = query.without, .with = query.with, .weight = query.weight});
}

ForecastInfo info_of(const Forecast& forecast) {
  const affinity::PoolChange& change = forecast.change();
  ForecastInfo info{.query = {forecast.pool(), change.without, change.with, change.weight},
                    .keys = forecast.keys(),
                    .sessions = forecast.sessions(),
                    .moves = {}};
  for (Forecast::Move& move : forecast.moves()) {
    info.moves.push_back({std::move(move.from), std::move(move.to), move.at_once, move.keys, move.sessions});
  }
  return info;
}

void Forecasts::add(Forecast forecast, admin::ForecastWaiter& waiter) {
  jobs_.push_back({std::move(forecast), &waiter});
  if (!timer_) {
    timer_ = std::make_unique<net::Timer>(loop_, kStepEvery, [this] { step(); });
  }
}

void Forecasts::drop(admin::ForecastWaiter& waiter) {
  std::erase_if(jobs_, [&waiter](const Job& job) { return job.waiter == &waiter; });
}

// Those that are asked for at one time take turns: a short one does not wait for a long one.
void Forecasts::step() {
  if (jobs_.empty()) {
    timer_.reset();
    return;
  }
  Job job = std::move(jobs_.front());
  jobs_.pop_front();
  if (!job.forecast.step(table_, clock_.now())) {
    jobs_.push_back(std::move(job));
    return;
  }
  job.waiter->on_forecast(info_of(job.forecast));
}

}  // namespace limpet::app
