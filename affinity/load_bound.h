// LoadBound: bounded load. No backend takes a new client once it carries `factor` times its fair share of the
// load of all backends that are eligible for new clients. Pure. Any thread.
#pragma once

#include <cstdint>

#include "backends/backend_set.h"

namespace limpet::affinity {

class LoadBound {
 public:
  // Sums up the eligible backends as they are now, with the weight that those that warm up have. A factor of
  // 0 = no bound, and nothing is summed up.
  LoadBound(const backends::BackendSet& set, double factor) noexcept;
  // Of sums that are known.
  LoadBound(double factor, std::uint64_t load, std::uint64_t weight) noexcept;

  // ceil(factor * (load of all + 1) * weight / weight of all): the 1 is the client that is being placed. With
  // a factor of at least 1 some eligible backend is always below its bound. Requires a factor above 0.
  [[nodiscard]] double of(const backends::Backend& backend) const noexcept;
  [[nodiscard]] bool has_room(const backends::Backend& backend) const noexcept;
  [[nodiscard]] bool has_room(std::uint32_t load, std::uint32_t weight) const noexcept {
    // Both sides of load < of() times the weight of all; a load is a whole number, so it need not be rounded.
    return factor_ <= 0 || static_cast<double>(load) * total_weight_ < placed_load_ * weight;
  }

 private:
  double factor_;
  double placed_load_ = 0;   // factor * (load of all + 1)
  double total_weight_ = 1;  // at least 1
};

}  // namespace limpet::affinity
