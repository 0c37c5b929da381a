#include "app/publisher.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "app/admin_pins.h"
#include "app/configuration.h"
#include "websocket/frame_codec.h"

namespace limpet::app {

namespace {

using admin::OrRefusal;
using admin::PublishOrder;
using admin::Refusal;

proxy::FramePtr frame_of(const PublishOrder& order) {
  std::string frame;
  websocket::append_frame(frame, order.is_binary ? websocket::Opcode::Binary : websocket::Opcode::Text,
                          order.message);
  return std::make_shared<const std::string>(std::move(frame));
}

void mark(std::vector<bool>& targets, backends::BackendId id) {
  if (id >= targets.size()) {
    targets.resize(std::size_t{id} + 1);
  }
  targets[id] = true;
}

std::uint32_t whole_seconds(Duration wait) {
  return static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::seconds>(wait).count());
}

}  // namespace

OrRefusal<std::vector<bool>> publish_targets(const proxy::Snapshot& snapshot, const PublishOrder& order) {
  std::vector<bool> targets;
  if (!order.backend.empty()) {
    const auto located = locate(snapshot, {.name = order.backend, .pool = order.pool});
    if (const auto* const refusal = std::get_if<Refusal>(&located)) {
      return *refusal;
    }
    mark(targets, std::get<LocatedBackend>(located).backend->id);
  } else if (!order.pool.empty()) {
    const auto located = locate_pool(snapshot, order.pool);
    if (const auto* const refusal = std::get_if<Refusal>(&located)) {
      return *refusal;
    }
    targets.resize(1);  // a pool without backends is nobody, not everybody
    for (const backends::Backend& backend : std::get<const affinity::PoolView*>(located)->backends.all()) {
      mark(targets, backend.id);
    }
  }
  return targets;
}

OrRefusal<std::optional<proxy::RouteId>> publish_route(const proxy::Snapshot& snapshot,
                                                       const PublishOrder& order) {
  if (order.route.empty()) {
    return std::optional<proxy::RouteId>();
  }
  std::string there;
  for (const proxy::Route& route : snapshot.routes) {
    const std::string text = route.text();
    if (text == order.route) {
      return std::optional(route.id);
    }
    there += (there.empty() ? "" : ", ") + text;
  }
  return Refusal{
      404, "no_such_route",
      "no route is written as " + order.route + "; there are: " + (there.empty() ? "none" : there)};
}

Publisher::Publisher(const Parts& parts)
    : parts_(parts),
      published_(parts.loop, [this](const proxy::Published& published) { on_published(published); }) {}

std::optional<Refusal> Publisher::why_not(const PublishOrder& order) {
  const settings::Publish& rules = parts_.configuration.running().publish;
  if (!rules.enabled) {
    return Refusal{403, "publish_off", "publishing is off: set publish.enabled to true and reload"};
  }
  if (order.message.size() > rules.max_bytes) {
    return Refusal{413, "too_large",
                   "the message has " + std::to_string(order.message.size()) +
                       " bytes and publish.max_bytes is " + std::to_string(rules.max_bytes)};
  }
  if (asks_.size() >= kMostUnderWay) {
    return Refusal{503, "busy", "too many messages are under way: the workers have not taken them yet", 1};
  }
  const auto targets = publish_targets(*parts_.snapshot, order);
  if (const auto* const refusal = std::get_if<Refusal>(&targets)) {
    return *refusal;
  }
  const auto route = publish_route(*parts_.snapshot, order);
  if (const auto* const refusal = std::get_if<Refusal>(&route)) {
    return *refusal;
  }
  // Last of all: what is refused for another reason does not count.
  if (const auto wait = rate_.refuse(rules.rate, parts_.clock.now())) {
    return Refusal{429, "rate", "more is published than publish.rate allows", whole_seconds(*wait)};
  }
  return std::nullopt;
}

void Publisher::publish(const PublishOrder& order, admin::PublishWaiter& waiter) {
  if (const auto refused = why_not(order)) {
    waiter.on_published(*refused);
    return;
  }
  const settings::Publish& rules = parts_.configuration.running().publish;
  const bool waits = rules.slow_client == settings::SlowClient::Wait;
  const auto publication = std::make_shared<const proxy::Publication>(
      proxy::Publication{.number = ++last_publication_,
                         .frame = frame_of(order),
                         .backends = std::get<0>(publish_targets(*parts_.snapshot, order)),
                         .key = order.key.empty() ? std::nullopt : std::optional(order.key),
                         .route = std::get<0>(publish_route(*parts_.snapshot, order)),
                         .queue_bytes = rules.queue_bytes,
                         .wait_until = waits ? parts_.clock.now() + kSlowClientWait : Instant{},
                         .reply_to = &published_});
  counters_.add(Counter::Publications);
  asks_[publication->number] = {.waiter = &waiter, .missing = parts_.workers.size()};
  for (const auto& worker : parts_.workers) {
    worker->publish(publication);
  }
}

void Publisher::forget(admin::PublishWaiter& waiter) {
  for (auto& [number, ask] : asks_) {
    ask.waiter = ask.waiter == &waiter ? nullptr : ask.waiter;
  }
}

void Publisher::on_published(const proxy::Published& published) {
  const auto found = asks_.find(published.publication);
  if (found == asks_.end()) {
    return;
  }
  Ask& ask = found->second;
  ask.counts += published.counts;
  if (--ask.missing != 0) {
    return;
  }
  const Ask done = ask;
  asks_.erase(found);
  if (done.waiter != nullptr) {
    done.waiter->on_published(admin::PublishInfo{.matched = done.counts.matched,
                                                 .sent = done.counts.sent,
                                                 .queued = done.counts.queued,
                                                 .dropped = done.counts.dropped});
  }
}

}  // namespace limpet::app
