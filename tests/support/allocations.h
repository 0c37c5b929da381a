// Counts what every thread of a test program allocates. Linking allocations.cc replaces the global operator
// new.
#pragma once

#include <cstddef>

namespace limpet::test {

[[nodiscard]] std::size_t allocations_so_far() noexcept;

}  // namespace limpet::test
