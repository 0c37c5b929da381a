// DrainControl: sends the sessions of backends away, whatever the cause: asks the workers a few at a time, as
// the pace of the pool allows, those first that have been idle for longest over all workers. It sets no mode:
// who gives the order does. Owned by the Server. Control thread.
//
//   start() --> every worker is asked how many wait --> tick: so many now --> ... --> nobody is left: on_done
//                        ^-- answers: on_answer() ----------'                         (an operator's stays)
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "affinity/decide.h"
#include "app/drain.h"
#include "app/drain_pace.h"
#include "base/clock.h"
#include "base/log.h"
#include "proxy/send_away.h"

namespace limpet::app {

// What DrainControl needs of the rest: the workers, the pools and a timer. A fake in tests.
class DrainPort {
 public:
  [[nodiscard]] virtual std::size_t workers() const = 0;
  // As it is configured now; null when it is gone.
  [[nodiscard]] virtual const affinity::PoolView* pool(affinity::PoolId id) const = 0;
  // The answer comes back through DrainControl::on_answer().
  virtual void send_away(std::size_t worker, const proxy::SendAway& order) = 0;
  // To every worker.
  virtual void cut(const proxy::CutBackend& order) = 0;
  // DrainControl::tick() is to be called so often; zero = not any more.
  virtual void call_every(Duration time) = 0;

 protected:
  ~DrainPort() = default;
};

class DrainControl {
 public:
  // So that 100/s are a few a tick.
  static constexpr Duration kTick = std::chrono::milliseconds(50);
  // When all that is left to do is to look for late comers.
  static constexpr Duration kRestTick = std::chrono::seconds(1);
  // A worker that has nobody to tell counts so often: a count looks at all its sessions.
  static constexpr Duration kCountEvery = std::chrono::milliseconds(250);

  using OnDone = std::function<void(backends::BackendId, CloseReason)>;

  DrainControl(const Clock& clock, Log& log, DrainPort& port) : clock_(clock), log_(log), port_(port) {}
  DrainControl(const DrainControl&) = delete;
  DrainControl& operator=(const DrainControl&) = delete;

  // Called with every backend whose last session has gone. Those of the whole process (Shutdown, Upgrade)
  // have ended when this is called; any other goes on looking for late comers until stop().
  void when_done(OnDone on_done) { on_done_ = std::move(on_done); }

  // In place of the drain of that backend that is under way, if there is one. But an order with silent_since
  // only moves that time on where such a drain is under way, changes nothing where everybody is told, and
  // puts aside an operator's word that closes nothing, until stop_if().
  void start(const affinity::PoolView& pool, const backends::Backend& backend, const DrainOrder& order);
  // Nobody else is told.
  void stop(backends::BackendId backend);
  // The same, if it drains for this cause.
  void stop_if(backends::BackendId backend, CloseReason cause);
  // Every backend with sessions, whatever its mode. For Shutdown and Upgrade.
  void drain_all(const std::vector<affinity::PoolView>& pools, CloseReason cause, Duration within);
  // What an operator said of it, or what else has it drained; null: nothing.
  [[nodiscard]] const DrainOrder* order(backends::BackendId backend) const;
  [[nodiscard]] std::optional<DrainProgress> progress(backends::BackendId backend) const;

  void tick();
  void on_answer(const proxy::SentAway& answer);

 private:
  // Who shares a pace: the backends of a pool; a backend with a rate of its own is alone (second = its
  // number).
  using Group = std::pair<affinity::PoolId, backends::BackendId>;
  using Drains = std::map<backends::BackendId, Drain>;

  void add(const affinity::PoolView& pool, const backends::Backend& backend, const DrainOrder& order);
  [[nodiscard]] static Group group_of(const Drains::value_type& entry);
  [[nodiscard]] bool rests(const Drains::value_type& entry) const;
  void pace(const Group& group, DrainPace& pace, Instant now);
  // Whether sessions of this one are told, and at the pace of this group.
  [[nodiscard]] bool tells(const Drains::value_type& entry, const Group& group) const;
  void tell(const Group& group, std::size_t count, Instant now);
  void ask(Drains::value_type& entry, std::size_t worker, std::size_t most, Instant now);
  void count(Drains::value_type& entry, Instant now);
  void finish(Instant now);
  void drop_idle_paces();
  void set_timer();

  const Clock& clock_;
  Log& log_;
  DrainPort& port_;
  OnDone on_done_;
  Drains drains_;
  Drains set_aside_;
  std::map<Group, DrainPace> paces_;
  std::uint64_t last_order_ = 0;
  Duration timer_{};  // zero = off
};

}  // namespace limpet::app
