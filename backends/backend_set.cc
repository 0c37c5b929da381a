#include "backends/backend_set.h"

#include <algorithm>

namespace limpet::backends {

// The first in the order of the file where several have that value.
template <typename Value>
const Backend* BackendSet::find_in(const Index<Value>& index, Value value) const noexcept {
  const auto found = std::ranges::lower_bound(index, value, {}, &Index<Value>::value_type::first);
  return found != index.end() && found->first == value ? &backends_[found->second] : nullptr;
}

BackendSet::BackendSet(std::vector<Backend> backends) : backends_(std::move(backends)) {
  slots_.reserve(backends_.size());
  standings_.reserve(backends_.size());
  index_by_id_.reserve(backends_.size());
  index_by_name_hash_.reserve(backends_.size());
  for (const Backend& backend : backends_) {
    const auto index = static_cast<std::uint32_t>(slots_.size());
    const Standing& standing = standings_.emplace_back(Standing::of(backend));
    slots_.push_back({.name_hash = backend.name_hash, .inverse_weight = 1.0 / standing.weight});
    index_by_id_.emplace_back(backend.id, index);
    index_by_name_hash_.emplace_back(backend.name_hash, index);
  }
  std::ranges::sort(index_by_id_);
  std::ranges::sort(index_by_name_hash_);
}

const Backend* BackendSet::by_id(BackendId id) const noexcept {
  return find_in(index_by_id_, id);
}

const Backend* BackendSet::by_name(std::string_view name) const noexcept {
  const auto found =
      std::ranges::find_if(backends_, [&](const Backend& backend) { return backend.spec.name == name; });
  return found != backends_.end() ? &*found : nullptr;
}

const Backend* BackendSet::by_name_hash(std::uint64_t name_hash) const noexcept {
  return find_in(index_by_name_hash_, name_hash);
}

}  // namespace limpet::backends
