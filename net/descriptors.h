// DescriptorBounds: how far the descriptors of the process may be used up, and by whom. The kernel gives
// every new descriptor the lowest free number: a number at or above a bound says that everything below it is
// taken. That way the last ones stay free for the admin endpoint and the health probes, whatever clients do.
// Any thread.
#pragma once

#include <cstdint>
#include <limits>

namespace limpet::net {

struct DescriptorBounds {
  // Accepting clients rests at this number, connecting to backends at the next.
  int for_clients = std::numeric_limits<int>::max();
  int for_backends = std::numeric_limits<int>::max();
  // Client connections at a time, two thirds of what there is: a session wants a second descriptor, for its
  // backend, and a crowd that wants nothing must not take them all.
  std::uint32_t most_clients = std::numeric_limits<std::uint32_t>::max();

  // Out of `limit` descriptors of which the process itself needs `in_use`. Pure.
  [[nodiscard]] static DescriptorBounds of(std::uint64_t limit, std::uint64_t in_use) noexcept;
  // The smallest limit with which somebody can be served.
  [[nodiscard]] static std::uint64_t least_limit(std::uint64_t in_use) noexcept;
};

// One more than the highest number in use, as long as there is no gap below it.
[[nodiscard]] std::uint64_t descriptors_in_use() noexcept;

// Raises the limit of the process to what the system allows and answers it.
[[nodiscard]] std::uint64_t raise_descriptor_limit() noexcept;

}  // namespace limpet::net
