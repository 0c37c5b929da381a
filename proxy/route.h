// Route: a host and a path that lead to a pool, first match wins (Snapshot::find_route). Any thread.
#pragma once

#include <cstdint>
#include <string>

#include "affinity/decide.h"

namespace limpet::proxy {

// Stands for one host and path for as long as the process runs. 0: no route, the listener's pool.
using RouteId = std::uint32_t;

struct Route {
  std::string host;  // lower case; empty = any
  std::string path;  // prefix by whole segments; empty = any
  affinity::PoolId pool = 0;
  RouteId id = 0;

  // "chat.example.com/a"; either may be missing.
  [[nodiscard]] std::string text() const { return host + path; }
};

}  // namespace limpet::proxy
