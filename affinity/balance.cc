#include "affinity/balance.h"

#include <algorithm>
#include <array>

#include "affinity/load_bound.h"
#include "affinity/walk.h"

namespace limpet::affinity {

namespace {

bool was_tried(std::span<const backends::BackendId> tried, backends::BackendId id) noexcept {
  return std::ranges::find(tried, id) != tried.end();
}

// Whether weights are taken as they are, or as much of them as a backend that warms up has. Two kinds of the
// same code, because a choice is measured: a pool without a slow start pays nothing for it.
enum class Weights : std::uint8_t { AsTheyAre, ByShare };

// Who takes a new client and what it carries, asked once a choice, in one pass: a walk may come to the same
// backend twice or thrice, and what workers write to lies far apart.
template <Weights kWeights>
class Survey {
 public:
  explicit Survey(const NewClient& client) noexcept
      : client_(client), standings_(client.set.standings()), kept_(std::min(standings_.size(), kMostKept)) {
    for (std::size_t i = 0; i < standings_.size(); ++i) {
      const std::uint32_t load = ask(i);
      if (i < kept_) {
        loads_[i] = load;
      }
      load_ += load == kRefuses ? 0 : load;
      weight_ += load == kRefuses ? 0 : weight(i);
      takers_ += load == kRefuses ? 0 : 1;
    }
  }

  // kRefuses when the backend takes no new client; one that was tried counts as taking them.
  [[nodiscard]] std::uint32_t load(std::size_t index) const noexcept {
    return index < kept_ ? loads_[index] : ask(index);
  }
  [[nodiscard]] bool takes(std::size_t index) const noexcept {
    return load(index) != kRefuses &&
           (client_.tried.empty() || !was_tried(client_.tried, client_.set[index].id));
  }
  [[nodiscard]] bool few_take() const noexcept { return takers_ * 2 < standings_.size(); }
  [[nodiscard]] std::uint32_t weight(std::size_t index) const noexcept {
    return kWeights == Weights::ByShare ? backends::weight_now(standings_[index]) : standings_[index].weight;
  }
  [[nodiscard]] LoadBound bound() const noexcept { return {client_.load_factor, load_, weight_}; }

 private:
  static constexpr std::uint32_t kRefuses = ~0U;
  // Of pools beyond this the rest is asked each time: the stack is no place for more.
  static constexpr std::size_t kMostKept = 4096;

  [[nodiscard]] std::uint32_t ask(std::size_t index) const noexcept {
    const backends::Standing& standing = standings_[index];
    const std::uint32_t load = standing.state->load();
    return backends::takes_new(standing, load) ? load : kRefuses;
  }

  const NewClient& client_;
  std::span<const backends::Standing> standings_;
  std::size_t kept_;
  std::uint64_t load_ = 0;
  std::uint64_t weight_ = 0;
  std::size_t takers_ = 0;
  // The first kept_ are set; the others stay untouched, as clearing them would cost as much as the survey.
  std::array<std::uint32_t, kMostKept> loads_;
};

// Load and weight of a backend at one moment; less when it carries less for its weight.
struct Share {
  std::uint64_t load = 0;
  std::uint64_t weight = 1;

  friend bool operator<(const Share& a, const Share& b) noexcept {
    return a.load * b.weight < b.load * a.weight;
  }
};

template <Weights kWeights>
Share share_of(const Survey<kWeights>& survey, std::size_t index) noexcept {
  return {.load = survey.load(index), .weight = survey.weight(index)};
}

template <Weights kWeights>
Choice first_with_room(const NewClient& client) noexcept {
  const Survey<kWeights> survey(client);
  Walk walk(client.set, client.key_hash);
  const auto takes = [&](std::size_t i) { return survey.takes(i); };
  const auto first = survey.few_take() ? walk.next_of_few(takes) : walk.next_where(takes);
  const LoadBound bound = survey.bound();
  const auto has_room = [&](std::size_t i) { return bound.has_room(survey.load(i), survey.weight(i)); };
  if (first == nullptr || has_room(client.set.index_of(*first))) {
    return {.backend = first, .reason = PinReason::Hash};
  }
  const auto with_room = walk.next_of_few([&](std::size_t i) { return has_room(i) && takes(i); });
  if (with_room == nullptr) {
    return {.backend = first, .reason = PinReason::Hash};
  }
  return {.backend = with_room, .reason = PinReason::Overflow};
}

template <Weights kWeights>
Choice least_loaded(const NewClient& client) noexcept {
  const Survey<kWeights> survey(client);
  std::size_t found = client.set.size();
  Share least;
  for (std::size_t i = 0; i < client.set.size(); ++i) {
    const Share here = share_of(survey, i);
    if ((found == client.set.size() || here < least) && survey.takes(i)) {
      found = i;
      least = here;
    }
  }
  if (found == client.set.size()) {
    return {};
  }
  const auto first_of_equals = Walk(client.set, client.key_hash).next_of_few([&](std::size_t i) {
    return !(least < share_of(survey, i)) && survey.takes(i);
  });
  // Loads that the survey does not keep move meanwhile: it may be that nobody is as free as the least was.
  return {.backend = first_of_equals != nullptr ? first_of_equals : &client.set[found],
          .reason = PinReason::Balance};
}

}  // namespace

std::string_view why_refused(const backends::Backend& backend, backends::Visitor visitor,
                             std::span<const backends::BackendId> tried) noexcept {
  if (was_tried(tried, backend.id)) {
    return "already tried";
  }
  const backends::Ineligible why = backends::why_not(backend, visitor);
  return why == backends::Ineligible::No ? std::string_view{} : word(why);
}

Choice balance_by_hash(const NewClient& client) noexcept {
  return client.minds_share ? first_with_room<Weights::ByShare>(client)
                            : first_with_room<Weights::AsTheyAre>(client);
}

Choice balance_by_load(const NewClient& client) noexcept {
  return client.minds_share ? least_loaded<Weights::ByShare>(client)
                            : least_loaded<Weights::AsTheyAre>(client);
}

Choice balance(const NewClient& client, settings::Balance how) noexcept {
  return how == settings::Balance::Hash ? balance_by_hash(client) : balance_by_load(client);
}

}  // namespace limpet::affinity
