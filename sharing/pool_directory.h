// PoolDirectory: the pools of this node, by number and by name. Control.
#pragma once

#include <span>
#include <string_view>

#include "affinity/decide.h"

namespace limpet::sharing {

// Each answer is good until control returns to its loop.
class PoolDirectory {
 public:
  [[nodiscard]] virtual std::span<const affinity::PoolView> pools() const = 0;
  // Null when there is none.
  [[nodiscard]] virtual const affinity::PoolView* pool_by_id(affinity::PoolId id) const = 0;
  [[nodiscard]] virtual const affinity::PoolView* pool_by_name(std::string_view name) const = 0;

 protected:
  ~PoolDirectory() = default;
};

}  // namespace limpet::sharing
