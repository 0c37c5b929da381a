#include "app/admin_source.h"

#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "app/admin_drains.h"
#include "app/drain_pace.h"
#include "app/process_facts.h"
#include "app/publisher.h"
#include "app/server.h"
#include "app/shared_state.h"
#include "app/succession.h"
#include "app/totals.h"
#include "backends/eligibility.h"

namespace limpet::app {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
// A cursor over sessions: the number of the worker above, the slot in its list below.
constexpr unsigned kSlotBits = 32;

struct SessionPlace {
  std::size_t worker = 0;
  std::size_t slot = 0;
};

std::uint64_t to_cursor(const SessionPlace& place) {
  return (std::uint64_t{place.worker} << kSlotBits) | place.slot;
}

SessionPlace from_cursor(std::uint64_t cursor) {
  constexpr std::uint64_t kSlotMask = (std::uint64_t{1} << kSlotBits) - 1;
  return {.worker = cursor >> kSlotBits, .slot = cursor & kSlotMask};
}

bool somebody_is_eligible(const proxy::Snapshot& snapshot) {
  return std::ranges::any_of(snapshot.pools, [](const affinity::PoolView& pool) {
    return std::ranges::any_of(pool.backends.all(), [](const backends::Backend& backend) {
      return backends::is_eligible(backend, backends::Visitor::New);
    });
  });
}

}  // namespace

AdminSource::AdminSource(Server& server)
    : server_(server),
      replies_(server.loop(), [this](proxy::SessionReply&& reply) { on_reply(std::move(reply)); }),
      orders_(server.loop(), server.shared().log, server.workers()),
      forecasts_(server.loop(), server.pins(), server.shared().clock),
      recorder_(server) {}

std::string_view AdminSource::why_not_ready() const {
  if (server_.is_stopping()) {
    return "stopping";
  }
  if (rests_from_accepting()) {
    return "out_of_descriptors";
  }
  return somebody_is_eligible(*server_.snapshot()) ? "" : "no_backend";
}

bool AdminSource::rests_from_accepting() const {
  const Instant rested(Duration(server_.shared().accept_rested_ms.load(std::memory_order_relaxed)));
  return server_.shared().clock.now() - rested < 3 * net::Listener::kRest;
}

admin::StatusInfo AdminSource::status() const {
  const proxy::Snapshot& snapshot = *server_.snapshot();
  admin::StatusInfo status{.version = LIMPET_VERSION,
                           .uptime = server_.shared().clock.now() - server_.started(),
                           .workers = server_.workers().size(),
                           .generation = server_.configuration().generation(),
                           .sessions = live_sessions(snapshot),
                           .totals = all_totals(server_),
                           .ends = all_ends(server_),
                           .listeners = {},
                           .tls_clients = {},
                           .tls_backends = {},
                           .pins = server_.pins().size(),
                           .config = configuration(),
                           .pid = static_cast<std::uint32_t>(getpid()),
                           .predecessor = server_.succession().predecessor()};
  if (const SharedState* const shared = server_.shared_state()) {
    status.shared_state = shared->info();
  }
  for (const affinity::PoolView& pool : snapshot.pools) {
    status.pools.push_back({pool.name, per_second(pool.drain.rate), pool.drain.grace});
  }
  const Clock& clock = server_.shared().clock;
  for (const BoundListener& listener : server_.listeners()) {
    status.listeners.push_back({listener.address.to_string(), listener.pool,
                                server_.certificates().infos(listener.tls, clock.wall_now()),
                                listener.tls == nullptr ? "" : word(listener.tls->kernel_tls())});
  }
  status.tls_clients = tls_totals(server_.certificates().client_counts());
  status.tls_backends = tls_totals(server_.certificates().backend_counts());
  status.not_ready = why_not_ready();
  status.room = {
      {"connections", server_.shared().connections.load(kRelaxed), server_.settings().limits.sessions},
      {"descriptors", open_descriptors(), most_descriptors()},
      {"pins", status.pins, server_.pins().capacity()}};
  status.evicted_pins = server_.pins().evictions();
  return status;
}

std::vector<admin::BackendInfo> AdminSource::backends() const {
  std::vector<admin::BackendInfo> infos;
  for (const affinity::PoolView& pool : server_.snapshot()->pools) {
    for (const backends::Backend& backend : pool.backends.all()) {
      infos.push_back(backend_info(pool, backend));
    }
  }
  return infos;
}

admin::BackendInfo AdminSource::backend_info(const affinity::PoolView& pool,
                                             const backends::Backend& backend) const {
  const Clock& clock = server_.shared().clock;
  const Times times{.now = clock.now(), .wall_now = clock.wall_now()};
  const backends::BackendState& state = *backend.state;
  const backends::Mode mode = state.mode.load(kRelaxed);
  const bool only_leaves = backend.is_leaving && mode == backends::Mode::Enabled;
  admin::BackendInfo info{.name = backend.spec.name,
                          .pool = pool.name,
                          .address = backend.spec.endpoint.to_string(),
                          .weight = backend.spec.weight,
                          .health = state.health.load(kRelaxed),
                          .mode = only_leaves ? backends::Mode::Draining : mode,
                          .sessions = state.sessions.load(kRelaxed),
                          .requests = state.requests.load(kRelaxed),
                          .failures = state.failures.load(kRelaxed),
                          .last_probe = std::nullopt,
                          .drain = drain_info(server_.drains(), backend.id, times),
                          .ejected_until = std::nullopt,
                          .runtime = word(server_.configuration().mark(pool.name, backend.spec.name)),
                          .is_leaving = backend.is_leaving,
                          .elsewhere = state.elsewhere.load(kRelaxed)};
  if (const auto probe = server_.monitor().last_probe(backend.id)) {
    info.last_probe = {probe->ok, probe->detail, times.wall_now + (probe->when - times.now), probe->took};
  }
  if (const auto until = server_.monitor().ejected_until(backend.id)) {
    info.ejected_until = times.wall_now + (*until - times.now);
  }
  return info;
}

PinContext AdminSource::pin_context() const {
  const Clock& clock = server_.shared().clock;
  return {.snapshot = *server_.snapshot(),
          .table = server_.pins(),
          .now = clock.now(),
          .wall_now = clock.wall_now()};
}

admin::OrRefusal<admin::PinPage> AdminSource::pins(const admin::PinQuery& query) const {
  return list_pins(pin_context(), query);
}

admin::OrRefusal<admin::PinInfo> AdminSource::pin(const admin::KeyChoice& choice) const {
  return find_pin(pin_context(), choice);
}

admin::OrRefusal<admin::PinInfo> AdminSource::set_pin(const admin::KeyChoice& choice,
                                                      const admin::PinTarget& target) {
  const auto pin = app::set_pin(pin_context(), choice, target.backend);
  const auto* const set = std::get_if<admin::PinInfo>(&pin);
  if (set != nullptr) {
    log_change("pin_set", *set);
    if (SharedState* const shared = server_.shared_state()) {
      shared->pins().tell_set(*server_.snapshot()->pool_named(set->pool),
                              affinity::Key::make(set->kind, set->key), set->backend);
    }
  }
  if (set != nullptr && target.move) {
    const affinity::PoolView& pool = *server_.snapshot()->pool_named(set->pool);
    orders_.move(pool, affinity::Key::make(set->kind, set->key), *pool.backends.by_name(target.backend));
  }
  return pin;
}

admin::OrRefusal<admin::PinInfo> AdminSource::forget_pin(const admin::KeyChoice& choice) {
  auto pin = app::forget_pin(pin_context(), choice);
  if (const auto* const forgotten = std::get_if<admin::PinInfo>(&pin)) {
    log_change("pin_forgotten", *forgotten);
    SharedState* const shared = server_.shared_state();
    const affinity::PoolView* const pool = server_.snapshot()->pool_named(forgotten->pool);
    if (shared != nullptr && pool != nullptr) {
      shared->pins().tell_forgotten(*pool, affinity::Key::make(forgotten->kind, forgotten->key));
    }
  }
  return pin;
}

void AdminSource::log_change(std::string_view event, const admin::PinInfo& pin) const {
  server_.shared().log.info(event, {{"key", affinity::text_for_log(pin.kind, pin.key)},
                                    {"pool", pin.pool},
                                    {"backend", pin.backend},
                                    {"author", "api"}});
}

admin::OrRefusal<admin::Explanation> AdminSource::explain(const admin::ExplainQuery& query) const {
  return app::explain(pin_context(), query);
}

admin::OrRefusal<admin::BackendInfo> AdminSource::set_mode(const admin::BackendChoice& backend,
                                                           const admin::ModeOrder& order) {
  if (server_.is_stopping()) {
    return admin::Refusal{503, "stopping", "limpet is leaving and sends everybody away"};
  }
  const auto set = app::set_mode(
      {.snapshot = *server_.snapshot(), .drains = server_.drains(), .log = server_.shared().log}, backend,
      order);
  if (const auto* const refusal = std::get_if<admin::Refusal>(&set)) {
    return *refusal;
  }
  const auto& located = std::get<LocatedBackend>(set);
  return backend_info(*located.pool, *located.backend);
}

void AdminSource::end_session(const admin::SessionEnd& end, admin::SessionsWaiter& waiter) {
  Duration grace{};  // the pool of the session is known to its worker alone
  for (const affinity::PoolView& pool : server_.snapshot()->pools) {
    grace = std::max(grace, pool.drain.grace);
  }
  orders_.end(end.id, grace, waiter);
}

void AdminSource::list_sessions(const admin::SessionQuery& query, admin::SessionsWaiter& waiter) {
  const auto located = locate(*server_.snapshot(), query.backend);
  if (const auto* const refusal = std::get_if<admin::Refusal>(&located)) {
    waiter.on_sessions(*refusal);
    return;
  }
  const auto [worker, slot] = from_cursor(query.cursor);
  if (worker >= server_.workers().size()) {
    waiter.on_sessions(admin::Refusal{400, "cursor", "this cursor leads nowhere"});
    return;
  }
  const std::uint64_t question = ++last_question_;
  Ask& ask = asks_[question];
  ask = {.waiter = &waiter, .worker = worker, .limit = query.limit, .backend = std::nullopt, .page = {}};
  if (const backends::Backend* const backend = std::get<LocatedBackend>(located).backend) {
    ask.backend = backend->id;
  }
  this->ask(question, ask, slot);
}

void AdminSource::cancel(admin::SessionsWaiter& waiter) {
  std::erase_if(asks_, [&waiter](const auto& entry) { return entry.second.waiter == &waiter; });
  orders_.cancel(waiter);
}

void AdminSource::upgrade(admin::UpgradeWaiter& waiter) {
  server_.succession().begin_upgrade(&waiter);
}

void AdminSource::stop_waiting(admin::UpgradeWaiter& waiter) {
  server_.succession().stop_waiting(waiter);
}

void AdminSource::forecast(const admin::ForecastQuery& query, admin::ForecastWaiter& waiter) {
  auto begun = begin_forecast(*server_.snapshot(), query);
  if (const auto* const refusal = std::get_if<admin::Refusal>(&begun)) {
    waiter.on_forecast(*refusal);
    return;
  }
  forecasts_.add(std::get<affinity::Forecast>(std::move(begun)), waiter);
}

void AdminSource::drop(admin::ForecastWaiter& waiter) {
  forecasts_.drop(waiter);
}

void AdminSource::publish(const admin::PublishOrder& order, admin::PublishWaiter& waiter) {
  if (SharedState* const shared = server_.shared_state()) {
    shared->publisher().publish(order, waiter);
    return;
  }
  server_.publisher().publish(order, waiter);
}

void AdminSource::forget(admin::PublishWaiter& waiter) {
  if (SharedState* const shared = server_.shared_state()) {
    shared->publisher().forget(waiter);
  }
  server_.publisher().forget(waiter);
}

std::size_t AdminSource::most_message_bytes() const {
  const settings::Publish& rules = server_.settings().publish;
  return rules.enabled ? rules.max_bytes : 0;
}

void AdminSource::ask(std::uint64_t question, const Ask& ask, std::size_t from) {
  server_.workers()[ask.worker]->ask({.question = question,
                                      .from = from,
                                      .limit = ask.limit - ask.page.sessions.size(),
                                      .backend = ask.backend,
                                      .reply_to = &replies_});
}

// A worker that has more ends the page, so that no worker is asked twice for one: the page may be short.
void AdminSource::on_reply(proxy::SessionReply reply) {
  const auto found = asks_.find(reply.question);
  if (found == asks_.end()) {
    return;
  }
  Ask& ask = found->second;
  for (proxy::SessionView& view : reply.page.sessions) {
    ask.page.sessions.push_back(info_of(std::move(view)));
  }
  const bool is_last_worker = ask.worker + 1 == server_.workers().size();
  if (reply.page.next != 0) {
    ask.page.next = to_cursor({.worker = ask.worker, .slot = reply.page.next});
  } else if (!is_last_worker) {
    ++ask.worker;
    if (ask.page.sessions.size() < ask.limit) {
      this->ask(reply.question, ask, 0);
      return;
    }
    ask.page.next = to_cursor({.worker = ask.worker, .slot = 0});
  }
  Ask done = std::move(ask);
  asks_.erase(found);
  done.waiter->on_sessions(std::move(done.page));
}

admin::SessionInfo AdminSource::info_of(proxy::SessionView view) const {
  const Instant now = server_.shared().clock.now();
  admin::SessionInfo info{.id = view.id,
                          .key = std::move(view.key),
                          .backend = {},
                          .pool = {},
                          .client = std::move(view.client),
                          .request_id = std::move(view.request_id),
                          .age = std::max(Duration{}, now - view.opened),
                          .idle = std::max(Duration{}, now - view.last_activity),
                          .messages_from_client = view.messages_from_client,
                          .messages_from_backend = view.messages_from_backend,
                          .bytes_from_client = view.bytes_from_client,
                          .bytes_from_backend = view.bytes_from_backend,
                          .queued_bytes = view.queued_bytes};
  if (const affinity::PoolView* const pool = server_.snapshot()->pool_of(view.backend)) {
    info.backend = pool->backends.by_id(view.backend)->spec.name;
    info.pool = pool->name;
  }
  return info;
}

}  // namespace limpet::app
