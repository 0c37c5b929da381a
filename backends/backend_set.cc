#include "backends/backend_set.h"

#include <algorithm>

namespace limpet::backends {

BackendSet::BackendSet(std::vector<Backend> backends) : backends_(std::move(backends)) {
  slots_.reserve(backends_.size());
  index_by_id_.reserve(backends_.size());
  for (const Backend& backend : backends_) {
    const double weight = std::max(backend.spec.weight, 1U);
    index_by_id_.emplace_back(backend.id, static_cast<std::uint32_t>(slots_.size()));
    slots_.push_back({.name_hash = backend.name_hash, .inverse_weight = 1.0 / weight});
  }
  std::ranges::sort(index_by_id_);
}

const Backend* BackendSet::by_id(BackendId id) const noexcept {
  const auto found =
      std::ranges::lower_bound(index_by_id_, id, {}, &std::pair<BackendId, std::uint32_t>::first);
  return found != index_by_id_.end() && found->first == id ? &backends_[found->second] : nullptr;
}

const Backend* BackendSet::by_name(std::string_view name) const noexcept {
  const auto found =
      std::ranges::find_if(backends_, [&](const Backend& backend) { return backend.spec.name == name; });
  return found != backends_.end() ? &*found : nullptr;
}

const Backend* BackendSet::by_name_hash(std::uint64_t name_hash) const noexcept {
  const auto found = std::ranges::find(slots_, name_hash, &WalkSlot::name_hash);
  return found != slots_.end() ? &backends_[static_cast<std::size_t>(found - slots_.begin())] : nullptr;
}

}  // namespace limpet::backends
