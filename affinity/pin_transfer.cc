#include "affinity/pin_transfer.h"

#include <algorithm>
#include <utility>

namespace limpet::affinity {

PinDump::PinDump(const AffinityTable& table, PinStamp stamp, Instant now,
                 std::optional<Instant> touched_since)
    : table_(table), stamp_(std::move(stamp)), now_(now), touched_since_(touched_since) {}

std::string PinDump::step(std::span<const PoolView> pools) {
  std::string out;
  if (!std::exchange(begun_, true)) {
    out = PinWriter::begin(stamp_);
  }
  const AffinityTable::Page page = table_.list(cursor_, kPinsAStep, {}, now_);
  for (const PinView& view : page.entries) {
    if (!touched_since_ || view.last_seen >= *touched_since_) {
      write(view, pools, out);
    }
  }
  cursor_ = page.next;
  if (cursor_ == 0) {
    out += writer_.take_block();
    out += writer_.end();
    done_ = true;
  }
  return out;
}

void PinDump::write(const PinView& view, std::span<const PoolView> pools, std::string& out) {
  if (writer_.full()) {
    out += writer_.take_block();
  }
  const auto target = target_of(view.pool, view.pin.backend, pools);
  if (!target) {
    return;
  }
  ++pins_;
  // An entry that was touched since the dump began counts as seen when it began.
  const Instant seen = view.sessions > 0 ? now_ : std::min(view.last_seen, now_);
  writer_.add({.target = *target,
               .kind = view.kind,
               .reason = view.pin.reason,
               .by_hand = view.pin.by_hand,
               .age = now_ - std::min(view.created, now_),
               .idle = now_ - seen,
               .ttl = view.ttl,
               .opened = view.last_opened != Instant::min()
                             ? std::optional(now_ - std::min(view.last_opened, now_))
                             : std::nullopt,
               .key = view.key});
}

std::optional<std::uint32_t> PinDump::target_of(PoolId pool, backends::BackendId backend,
                                                std::span<const PoolView> pools) {
  constexpr unsigned kBackendBits = 32;
  const auto [place, is_new] = targets_.try_emplace(std::uint64_t{pool} << kBackendBits | backend);
  if (is_new) {
    const auto view = std::ranges::find(pools, pool, &PoolView::id);
    const backends::Backend* const found = view != pools.end() ? view->backends.by_id(backend) : nullptr;
    if (found != nullptr) {
      place->second = writer_.add_target({.pool = view->name, .backend = found->spec.name});
    }
  }
  return place->second;
}

PinRestore::PinRestore(AffinityTable& table, std::span<const PoolView> pools, PinStamp stamp, Instant now)
    : table_(table), pools_(pools), stamp_(std::move(stamp)), now_(now) {}

PinRestore::Place PinRestore::place_of(const PinTarget& target) const noexcept {
  const auto pool = std::ranges::find(pools_, target.pool, &PoolView::name);
  if (pool == pools_.end()) {
    return {};
  }
  const backends::Backend* const backend = pool->backends.by_name(target.backend);
  return {.pool = pool->id, .backend = backend != nullptr ? backend->id : 0};
}

void PinRestore::take(const PinReader& reader) {
  while (places_.size() < reader.targets().size()) {
    places_.push_back(place_of(reader.targets()[places_.size()]));
  }
  const PinRecord& record = reader.record();
  const Place place = places_[record.target];
  if (place.backend == 0) {
    ++counts_.dropped;
    return;
  }
  const Instant saved = now_ - time_between(reader.stamp(), stamp_);
  const FormerPin former{
      .pin = {.backend = place.backend, .reason = record.reason, .by_hand = record.by_hand},
      .ttl = record.ttl,
      .created = saved - record.age,
      .last_seen = saved - record.idle,
      .last_opened = record.opened ? saved - *record.opened : Instant::min()};
  ++(table_.restore(place.pool, Key::make(record.kind, record.key), former, now_) ? counts_.restored
                                                                                  : counts_.expired);
}

}  // namespace limpet::affinity
