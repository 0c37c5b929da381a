// A pool of backends at given addresses, affinity by cookie with a fixed key.
#pragma once

#include <vector>

#include "affinity/decide.h"
#include "base/address.h"

namespace limpet::test {

// Named b1, b2, ... with the ids 1, 2, ...; their states are fresh.
[[nodiscard]] affinity::PoolView pool_at(const std::vector<SocketAddress>& addresses);

}  // namespace limpet::test
