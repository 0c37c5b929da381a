// BackendSet: the backends of one pool in the order of the file, immutable. Part of a Snapshot. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/backend.h"

namespace limpet::backends {

class BackendSet {
 public:
  // What a hash walk reads of a backend. Kept side by side: a walk over 1000 backends then reads 16 KB, not
  // the 200 KB of the Backends themselves.
  struct WalkSlot {
    std::uint64_t name_hash = 0;
    double inverse_weight = 1;  // a weight of 0 counts as 1
  };

  BackendSet() = default;
  explicit BackendSet(std::vector<Backend> backends);

  [[nodiscard]] std::span<const Backend> all() const noexcept { return backends_; }
  [[nodiscard]] std::size_t size() const noexcept { return backends_.size(); }
  [[nodiscard]] bool empty() const noexcept { return backends_.empty(); }
  [[nodiscard]] const Backend& operator[](std::size_t index) const noexcept { return backends_[index]; }
  // Requires a backend of this set.
  [[nodiscard]] std::size_t index_of(const Backend& backend) const noexcept {
    return static_cast<std::size_t>(&backend - backends_.data());
  }
  // slot i belongs to backend i.
  [[nodiscard]] std::span<const WalkSlot> walk_slots() const noexcept { return slots_; }
  // standing i belongs to backend i.
  [[nodiscard]] std::span<const Standing> standings() const noexcept { return standings_; }
  // nullptr when there is none.
  [[nodiscard]] const Backend* by_id(BackendId id) const noexcept;
  [[nodiscard]] const Backend* by_name(std::string_view name) const noexcept;
  [[nodiscard]] const Backend* by_name_hash(std::uint64_t name_hash) const noexcept;

 private:
  // Sorted; second = index in backends_.
  template <typename Value>
  using Index = std::vector<std::pair<Value, std::uint32_t>>;

  template <typename Value>
  [[nodiscard]] const Backend* find_in(const Index<Value>& index, Value value) const noexcept;

  std::vector<Backend> backends_;
  std::vector<WalkSlot> slots_;
  std::vector<Standing> standings_;
  Index<BackendId> index_by_id_;
  Index<std::uint64_t> index_by_name_hash_;
};

}  // namespace limpet::backends
