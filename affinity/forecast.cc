#include "affinity/forecast.h"

#include <algorithm>
#include <limits>

#include "affinity/walk.h"

namespace limpet::affinity {

namespace {

using backends::Backend;
using backends::BackendId;
using backends::BackendState;

constexpr auto kRelaxed = std::memory_order_relaxed;
// Numbers count from 1 up: this one is never reached.
constexpr BackendId kNewcomer = std::numeric_limits<BackendId>::max();

// What counts in a choice, as it is now.
std::shared_ptr<BackendState> copy_of(const BackendState& state) {
  auto copy = std::make_shared<BackendState>();
  copy->health.store(state.health.load(kRelaxed), kRelaxed);
  copy->mode.store(state.mode.load(kRelaxed), kRelaxed);
  copy->share.store(state.share.load(kRelaxed), kRelaxed);
  copy->sessions.store(state.own_load(), kRelaxed);
  copy->elsewhere.store(state.elsewhere.load(kRelaxed), kRelaxed);
  return copy;
}

Backend newcomer(const PoolChange& change) {
  Backend backend{.id = kNewcomer,
                  .spec = {.name = change.with, .endpoint = {}, .weight = change.weight},
                  .name_hash = hash_name(change.with),
                  .address = SocketAddress(IpAddress{}, 1),  // as if its name resolved
                  .state = std::make_shared<BackendState>()};
  backend.state->health.store(backends::Health::Up, kRelaxed);
  return backend;
}

// Reading a pin costs about 0.4 us, and placing it 5 ns for each backend (bench/pick_bench.cc).
std::size_t pins_a_step(std::size_t backends) {
  constexpr std::size_t kStepNs = 500'000;
  constexpr std::size_t kPinNs = 400;
  constexpr std::size_t kBackendNs = 5;
  constexpr std::size_t kFewest = 16;
  constexpr std::size_t kMost = 1000;
  return std::clamp(kStepNs / (kPinNs + kBackendNs * backends), kFewest, kMost);
}

}  // namespace

Forecast::Forecast(const PoolView& pool, PoolChange change)
    : change_(std::move(change)),
      name_(pool.name),
      id_(pool.id),
      balance_(pool.rule.balance),
      load_factor_(pool.rule.load_factor),
      minds_share_(pool.has_slow_start),
      pins_a_step_(pins_a_step(pool.backends.size())) {
  std::vector<Backend> after;
  for (const Backend& backend : pool.backends.all()) {
    names_.emplace(backend.id, backend.spec.name);
    if (!change_.without.empty() && backend.spec.name == change_.without) {
      without_ = backend.id;
      continue;
    }
    after.push_back(backend);
    after.back().state = copy_of(*backend.state);
  }
  if (!change_.with.empty()) {
    after.push_back(newcomer(change_));
  }
  after_ = backends::BackendSet(std::move(after));
}

bool Forecast::step(const AffinityTable& table, Instant now) {
  const auto page = table.list(cursor_, pins_a_step_, {}, now);
  for (const PinView& pin : page.entries) {
    if (pin.pool == id_ && pin.pin.backend != 0) {
      look_at(pin);
    }
  }
  cursor_ = page.next;
  return cursor_ == 0;
}

void Forecast::look_at(const PinView& pin) {
  ++keys_;
  sessions_ += pin.sessions;
  const std::uint32_t comes_with = std::max(1U, pin.sessions);  // who comes back opens something
  if (pin.pin.backend == without_) {
    const Backend* const to = place(pin);
    if (to != nullptr) {
      to->state->sessions.fetch_add(comes_with, kRelaxed);
    }
    note(pin, to);
    return;
  }
  if (change_.with.empty() || pin.pin.by_hand) {
    return;  // an operator's word outlives the pin's time
  }
  // As if it left and came back.
  const Backend* const here = after_.by_id(pin.pin.backend);
  const std::uint32_t left =
      here == nullptr ? 0 : std::min(pin.sessions, here->state->sessions.load(kRelaxed));
  if (left > 0) {
    here->state->sessions.fetch_sub(left, kRelaxed);
  }
  const Backend* const to = place(pin);
  if (to != nullptr && to->id == kNewcomer) {
    to->state->sessions.fetch_add(comes_with, kRelaxed);
    note(pin, to);
  } else if (left > 0) {
    here->state->sessions.fetch_add(left, kRelaxed);
  }
}

const Backend* Forecast::place(const PinView& pin) const {
  return balance({.set = after_,
                  .key_hash = Key::make(pin.kind, pin.key).hash,
                  .load_factor = load_factor_,
                  .tried = {},
                  .minds_share = minds_share_},
                 balance_)
      .backend;
}

void Forecast::note(const PinView& pin, const Backend* to) {
  Count& count = counts_[{pin.pin.backend, to == nullptr ? 0 : to->id}];
  ++count.keys;
  count.sessions += pin.sessions;
}

std::vector<Forecast::Move> Forecast::moves() const {
  std::vector<Move> moves;
  for (const auto& [way, count] : counts_) {
    const auto& [from, to] = way;
    const auto known = names_.find(from);
    const Backend* const target = after_.by_id(to);
    moves.push_back({.from = known != names_.end() ? known->second : std::string(),
                     .to = target != nullptr ? target->spec.name : std::string(),
                     .at_once = from == without_,
                     .keys = count.keys,
                     .sessions = count.sessions});
  }
  return moves;
}

}  // namespace limpet::affinity
