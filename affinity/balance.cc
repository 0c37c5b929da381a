#include "affinity/balance.h"

#include <algorithm>

#include "affinity/load_bound.h"
#include "affinity/walk.h"

namespace limpet::affinity {

namespace {

// Load and weight of a backend at one moment; less when it carries less for its weight.
struct Share {
  std::uint64_t load = 0;
  std::uint64_t weight = 1;

  [[nodiscard]] static Share of(const backends::Backend& backend) noexcept {
    return {.load = backend.state->load(), .weight = std::max(backend.spec.weight, 1U)};
  }
  friend bool operator<(const Share& a, const Share& b) noexcept {
    return a.load * b.weight < b.load * a.weight;
  }
};

bool takes(const NewClient& client, const backends::Backend& backend) noexcept {
  return why_refused(backend, backends::Visitor::New, client.tried).empty();
}

}  // namespace

std::string_view why_refused(const backends::Backend& backend, backends::Visitor visitor,
                             std::span<const backends::BackendId> tried) noexcept {
  if (std::ranges::find(tried, backend.id) != tried.end()) {
    return "already tried";
  }
  const backends::Ineligible why = backends::why_not(backend, visitor);
  return why == backends::Ineligible::No ? std::string_view{} : word(why);
}

Choice balance_by_hash(const NewClient& client) noexcept {
  Walk walk(client.set, client.key_hash);
  const backends::Backend* const first =
      walk.next_where([&](const backends::Backend& backend) { return takes(client, backend); });
  const LoadBound bound(client.set, client.load_factor);
  if (first == nullptr || bound.has_room(*first)) {
    return {.backend = first, .reason = PinReason::Hash};
  }
  const backends::Backend* const with_room = walk.next_where(
      [&](const backends::Backend& backend) { return bound.has_room(backend) && takes(client, backend); });
  if (with_room == nullptr) {
    return {.backend = first, .reason = PinReason::Hash};
  }
  return {.backend = with_room, .reason = PinReason::Overflow};
}

Choice balance_by_load(const NewClient& client) noexcept {
  const backends::Backend* least = nullptr;
  Share share;
  for (const backends::Backend& backend : client.set.all()) {
    const Share here = Share::of(backend);
    if ((least == nullptr || here < share) && takes(client, backend)) {
      least = &backend;
      share = here;
    }
  }
  if (least == nullptr) {
    return {};
  }
  const backends::Backend* const first_of_equals =
      Walk(client.set, client.key_hash).next_where([&](const backends::Backend& backend) {
        return !(share < Share::of(backend)) && takes(client, backend);
      });
  // Loads move while they are compared: it may be that nobody is as free as the least was a moment ago.
  return {.backend = first_of_equals != nullptr ? first_of_equals : least, .reason = PinReason::Balance};
}

}  // namespace limpet::affinity
