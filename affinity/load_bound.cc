#include "affinity/load_bound.h"

#include <algorithm>
#include <cmath>

#include "backends/eligibility.h"

namespace limpet::affinity {

LoadBound::LoadBound(const backends::BackendSet& set, double factor) noexcept : factor_(factor) {
  if (factor_ <= 0) {
    return;
  }
  std::uint64_t load = 0;
  std::uint64_t weight = 0;
  for (const backends::Standing& standing : set.standings()) {
    const std::uint32_t here = standing.state->load();
    if (backends::takes_new(standing, here)) {
      load += here;
      weight += backends::weight_now(standing);
    }
  }
  *this = LoadBound(factor, load, weight);
}

// A backend may have become eligible since the sum: then the sum is 0 and the quotient harmless.
LoadBound::LoadBound(double factor, std::uint64_t load, std::uint64_t weight) noexcept
    : factor_(factor),
      placed_load_(factor * static_cast<double>(load + 1)),
      total_weight_(static_cast<double>(std::max<std::uint64_t>(weight, 1))) {}

double LoadBound::of(const backends::Backend& backend) const noexcept {
  return std::ceil(placed_load_ * backends::weight_now(backends::Standing::of(backend)) / total_weight_);
}

bool LoadBound::has_room(const backends::Backend& backend) const noexcept {
  return has_room(backend.state->load(), backends::weight_now(backends::Standing::of(backend)));
}

}  // namespace limpet::affinity
