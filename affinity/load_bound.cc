#include "affinity/load_bound.h"

#include <algorithm>
#include <cmath>

#include "backends/eligibility.h"

namespace limpet::affinity {

LoadBound::LoadBound(const backends::BackendSet& set, double factor) noexcept : factor_(factor) {
  if (factor_ <= 0) {
    return;
  }
  for (const backends::Backend& backend : set.all()) {
    if (backends::is_eligible(backend, backends::Visitor::New)) {
      total_load_ += backend.state->load();
      total_weight_ += std::max(backend.spec.weight, 1U);
    }
  }
}

double LoadBound::of(const backends::Backend& backend) const noexcept {
  const auto load = static_cast<double>(total_load_ + 1);
  const auto weight = static_cast<double>(std::max(backend.spec.weight, 1U));
  // The backend may have become eligible since the sum: then the sum is 0 and the quotient harmless.
  return std::ceil(factor_ * load * weight / static_cast<double>(std::max<std::uint64_t>(total_weight_, 1)));
}

bool LoadBound::has_room(const backends::Backend& backend) const noexcept {
  return factor_ <= 0 || static_cast<double>(backend.state->load()) < of(backend);
}

}  // namespace limpet::affinity
