// Builders of backends and sets for the tests of affinity.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "affinity/walk.h"
#include "backends/backend_set.h"

namespace limpet::affinity {

inline backends::Backend make_backend(backends::BackendId id, std::string name, std::uint32_t weight = 1) {
  backends::Backend backend;
  backend.id = id;
  backend.name_hash = hash_name(name);
  backend.spec.name = std::move(name);
  backend.spec.weight = weight;
  backend.address = SocketAddress(IpAddress::from_v4({10, 0, 0, 1}), 3000);
  backend.state = std::make_shared<backends::BackendState>();
  backend.state->health = backends::Health::Up;
  return backend;
}

// "b1", "b2", ... with the numbers 1, 2, ...
inline std::vector<backends::Backend> make_backends(std::uint32_t count) {
  std::vector<backends::Backend> backends;
  for (std::uint32_t i = 1; i <= count; ++i) {
    backends.push_back(make_backend(i, "b" + std::to_string(i)));
  }
  return backends;
}

}  // namespace limpet::affinity
