// What the process that is replaced tells the other one: everything at once, then what changes.
#include <algorithm>
#include <span>
#include <utility>

#include "app/handover_message.h"
#include "app/pin_file.h"
#include "app/upgrade.h"
#include "net/fd_passing.h"

namespace limpet::app {

void Upgrade::offer() {
  link_->send(Hello{.pid = static_cast<std::uint32_t>(getpid())});
  for (const UpgradeHost::Offered& offered : parts_.host.sockets_to_offer()) {
    std::span<const int> rest(offered.descriptors);
    for (bool begins = true; !rest.empty(); begins = false) {
      const std::size_t count = std::min(rest.size(), net::kMaxMessageDescriptors);
      link_->send(Sockets{.use = offered.use, .begins = begins, .name = offered.name, .lent = offered.lent},
                  rest.first(count));
      rest = rest.subspan(count);
    }
  }
  std::vector<BackendWord> words;
  for (const affinity::PoolView& pool : parts_.host.pools()) {
    for (const backends::Backend& backend : pool.backends.all()) {
      const DrainOrder* const drain = parts_.host.drain_order(backend.id);
      words.push_back({.pool = pool.name,
                       .name = backend.spec.name,
                       .health = backend.state->health.load(std::memory_order_relaxed),
                       .mode = backend.state->mode.load(std::memory_order_relaxed),
                       .closes = drain == nullptr || drain->close,
                       .rate = drain != nullptr ? drain->rate : std::nullopt});
    }
  }
  for (Backends& backends : split(std::move(words))) {
    link_->send(std::move(backends));
  }
  link_->send(TicketKeys{parts_.host.ticket_keys()});
  link_->send(Offered{});
  begin_dump(std::nullopt);
}

void Upgrade::begin_dump(std::optional<Instant> touched_since) {
  dumped_ = parts_.clock.now();
  dump_.emplace(parts_.table, pin_stamp(parts_.clock.wall_now()), dumped_, touched_since);
  link_->await_room(true);
}

void Upgrade::on_room() {
  if (pins_.empty() && dump_ && !dump_->done()) {
    pins_ = dump_->step(parts_.host.pools());
  }
  if (!pins_.empty()) {
    const std::size_t size = std::min(pins_.size(), kMaxPinBytes);
    link_->send(Pins{pins_.substr(0, size)});
    pins_.erase(0, size);
  }
  if (pins_.empty() && dump_ && dump_->done()) {
    dump_.reset();
    link_->await_room(false);
    if (state_ == State::HandingOver) {
      link_->send(Go{});
    }
  }
}

}  // namespace limpet::app
