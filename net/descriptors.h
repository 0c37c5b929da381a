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

  // Out of `limit` descriptors. Pure.
  [[nodiscard]] static DescriptorBounds of(std::uint64_t limit) noexcept;
};

// Raises the limit of the process to what the system allows and answers it.
[[nodiscard]] std::uint64_t raise_descriptor_limit() noexcept;

}  // namespace limpet::net
