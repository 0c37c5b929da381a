// DrainRig: DrainControl over made-up workers, each a list of sessions, and a clock that is moved by hand.
// The workers answer at once unless told to be mute.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "app/drain_control.h"
#include "tests/support/catch.h"

namespace limpet::test {

class ManualClock final : public Clock {
 public:
  Instant time{Duration(1'000'000)};
  [[nodiscard]] Instant now() const noexcept override { return time; }
  [[nodiscard]] WallTime wall_now() const noexcept override { return {}; }
};

struct FakeSession {
  backends::BackendId backend = 0;
  Duration idle{};
  bool told = false;
};

class DrainRig final : public app::DrainPort {
 public:
  // A pool "default" with the id 1 and the backends b1, b2, ... of the same ids.
  explicit DrainRig(std::size_t workers, std::size_t backends = 3)
      : sessions_of(workers), is_mute(workers, false) {
    std::vector<backends::Backend> list;
    for (std::size_t i = 1; i <= backends; ++i) {
      backends::Backend& backend = list.emplace_back();
      backend.id = static_cast<backends::BackendId>(i);
      backend.spec.name = "b" + std::to_string(i);
      backend.address = SocketAddress(IpAddress::from_v4({10, 0, 0, 1}), 3000);
      backend.state = std::make_shared<backends::BackendState>();
    }
    pool_view.id = 1;
    pool_view.name = "default";
    pool_view.backends = backends::BackendSet(std::move(list));
    control.when_done([this](backends::BackendId id, CloseReason cause) { done.emplace_back(id, cause); });
  }

  [[nodiscard]] const backends::Backend& backend(backends::BackendId id) const {
    return *pool_view.backends.by_id(id);
  }
  void open(std::size_t worker, backends::BackendId id, Duration idle = Duration(0)) {
    sessions_of[worker].push_back({.backend = id, .idle = idle});
    ++backend(id).state->sessions;
  }
  void open_many(backends::BackendId id, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      open(i % sessions_of.size(), id, Duration(i));
    }
  }
  // As an operator does.
  void drain(backends::BackendId id, app::DrainOrder order = {}) {
    backend(id).state->mode = backends::Mode::Draining;
    last_before_drain = orders.empty() ? 0 : orders.back().order;
    control.start(pool_view, backend(id), order);
  }
  // One tick, with what the workers answer. `clients_leave`: who is told is gone a tick later.
  void tick() {
    clock.time += std::max(timer, Duration(1));
    if (clients_leave) {
      close_told();
    }
    control.tick();
  }
  void run(Duration time) {
    for (const Instant end = clock.time + time; clock.time < end;) {
      tick();
    }
  }
  void close_told() {
    for (auto& sessions : sessions_of) {
      for (const FakeSession& session : sessions) {
        backend(session.backend).state->sessions -= session.told ? 1U : 0U;
      }
      std::erase_if(sessions, [](const FakeSession& session) { return session.told; });
    }
  }
  [[nodiscard]] app::DrainProgress progress(backends::BackendId id) const {
    const auto progress = control.progress(id);
    REQUIRE(progress.has_value());
    return *progress;
  }
  [[nodiscard]] std::size_t told(backends::BackendId id) const { return progress(id).told; }

  // DrainPort.
  [[nodiscard]] std::size_t workers() const override { return sessions_of.size(); }
  [[nodiscard]] const affinity::PoolView* pool(affinity::PoolId) const override {
    return pool_is_gone ? nullptr : &pool_view;
  }
  void send_away(std::size_t worker, const proxy::SendAway& order) override {
    orders.push_back(order);
    CHECK_FALSE(is_asked(worker, order.backend));
    waiting_orders.push_back({worker, order});
    if (!is_mute[worker]) {
      answer(worker);
    }
  }
  void cut(const proxy::CutBackend& order) override { cuts.push_back(order); }
  void call_every(Duration time) override { timer = time; }

  // The worker obeys and answers everything that it was asked.
  void answer(std::size_t worker) {
    const auto asked = waiting_orders;
    std::erase_if(waiting_orders, [worker](const auto& entry) { return entry.first == worker; });
    for (const auto& [who, order] : asked) {
      if (who == worker) {
        control.on_answer(obey(worker, order));
      }
    }
  }

  std::vector<std::vector<FakeSession>> sessions_of;  // by worker
  std::vector<bool> is_mute;                          // by worker
  std::vector<proxy::SendAway> orders;
  std::vector<std::pair<std::size_t, proxy::SendAway>> waiting_orders;
  std::vector<proxy::CutBackend> cuts;
  std::vector<std::pair<backends::BackendId, CloseReason>> done;
  std::vector<Duration> told_idle;      // of those who were told, in order
  std::uint64_t last_before_drain = 0;  // orders up to this one are of drains that ended
  bool clients_leave = true;
  bool pool_is_gone = false;
  Duration timer{};
  affinity::PoolView pool_view;
  ManualClock clock;
  std::unique_ptr<Log> log = Log::discard();
  app::DrainControl control{clock, *log, *this};

 private:
  [[nodiscard]] bool is_asked(std::size_t worker, backends::BackendId id) const {
    return std::ranges::any_of(waiting_orders, [&](const auto& entry) {
      return entry.first == worker && entry.second.backend == id && entry.second.order > last_before_drain;
    });
  }
  [[nodiscard]] proxy::SentAway obey(std::size_t worker, const proxy::SendAway& order) {
    std::vector<FakeSession*> waiting;
    proxy::SentAway sent{.order = order.order, .worker = worker, .longest_idle = std::nullopt};
    for (FakeSession& session : sessions_of[worker]) {
      if (session.backend == order.backend && !session.told) {
        waiting.push_back(&session);
      }
      sent.leaving += session.backend == order.backend && session.told ? 1U : 0U;
    }
    std::ranges::sort(waiting, [](const FakeSession* a, const FakeSession* b) { return a->idle > b->idle; });
    sent.told = std::min(order.most, waiting.size());
    for (std::size_t i = 0; i < sent.told; ++i) {
      waiting[i]->told = true;
      told_idle.push_back(waiting[i]->idle);
    }
    sent.leaving += sent.told;
    sent.waiting = waiting.size() - sent.told;
    if (sent.waiting != 0) {
      sent.longest_idle = waiting[sent.told]->idle;
    }
    return sent;
  }
};

}  // namespace limpet::test
