// Walk: turns a key into an order of backends. Weighted rendezvous hashing: the same on every worker, every
// node and after every restart, whatever the order in the file; removing a backend moves only its keys. Lazy:
// each step is one pass over the set, nothing is sorted or allocated. Pure. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "backends/backend_set.h"

namespace limpet::affinity {

// What Backend::name_hash is made of.
[[nodiscard]] std::uint64_t hash_name(std::string_view name) noexcept;

// -ln(u) for 0 < u < 1, made of IEEE additions, multiplications and divisions only: libm's log may differ in
// the last bit from machine to machine, and then two nodes would order backends differently.
[[nodiscard]] double negative_log(double u) noexcept;

class Walk {
 public:
  // `set` must outlive the walk.
  Walk(const backends::BackendSet& set, std::uint64_t key_hash) noexcept : set_(&set), key_hash_(key_hash) {}

  // The next backend in the order of the key, or nullptr when all have been seen.
  [[nodiscard]] const backends::Backend* next() noexcept {
    return next_where([](std::size_t) { return true; });
  }

  // The next one for whose index in the set `accept` says true; those in between count as seen. One pass,
  // however many are refused.
  template <typename Accept>
  [[nodiscard]] const backends::Backend* next_where(Accept accept) noexcept {
    return step<Ask::Late>(accept);
  }
  // The same, faster where most are refused and slower where most are not.
  template <typename Accept>
  [[nodiscard]] const backends::Backend* next_of_few(Accept accept) noexcept {
    return step<Ask::First>(accept);
  }

 private:
  // Whether a backend is asked for before anything of it is computed, or when it would be the best so far.
  enum class Ask : std::uint8_t { First, Late };
  template <Ask ask, typename Accept>
  [[nodiscard]] const backends::Backend* step(Accept accept) noexcept;

  // The order is by cost, the name hash breaks ties. Every cost is above 0, so the first position is before
  // all.
  struct Position {
    double cost = 0;
    std::uint64_t name_hash = 0;

    [[nodiscard]] bool before(const Position& other) const noexcept {
      return cost != other.cost ? cost < other.cost : name_hash < other.name_hash;
    }
  };
  // A uniform number in (0, 1) out of key and backend.
  [[nodiscard]] static double draw(std::uint64_t key_hash, std::uint64_t name_hash) noexcept;

  const backends::BackendSet* set_;
  std::uint64_t key_hash_;
  Position last_;  // of the backend that was given out last
};

inline double Walk::draw(std::uint64_t key_hash, std::uint64_t name_hash) noexcept {
  // The finaliser of SplitMix64: every bit of both hashes moves every bit of the result.
  std::uint64_t z = key_hash ^ name_hash;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  z ^= z >> 31U;
  // 52 bits and a half: exact in a double, and never 0 or 1.
  constexpr unsigned kDropped = 12;
  constexpr double kScale = 1.0 / static_cast<double>(1ULL << 52U);
  return (static_cast<double>(static_cast<std::int64_t>(z >> kDropped)) + 0.5) * kScale;
}

template <Walk::Ask ask, typename Accept>
const backends::Backend* Walk::step(Accept accept) noexcept {
  // Cost = -ln(u) / weight; the smallest wins. As -ln(u) >= 1 - u, most backends are ruled out without a
  // logarithm; the margin covers the rounding of negative_log().
  constexpr double kMargin = 1.0 - 1e-9;
  Position best{.cost = std::numeric_limits<double>::infinity(), .name_hash = 0};
  const backends::Backend* chosen = nullptr;
  const auto slots = set_->walk_slots();
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (ask == Ask::First && !accept(i)) {
      continue;
    }
    const double u = draw(key_hash_, slots[i].name_hash);
    if ((1.0 - u) * slots[i].inverse_weight * kMargin > best.cost) {
      continue;
    }
    if (ask == Ask::Late && !accept(i)) {
      continue;  // asked before the logarithm is taken: where most are down, that halves the time
    }
    const Position here{.cost = negative_log(u) * slots[i].inverse_weight, .name_hash = slots[i].name_hash};
    if (last_.before(here) && here.before(best)) {
      best = here;
      chosen = &(*set_)[i];
    }
  }
  last_ = best;
  return chosen;
}

}  // namespace limpet::affinity
