// Pools of many backends for the measurements of a choice: as they mostly are, and as bad as they can be. One
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "affinity/walk.h"
#include "backends/backend_set.h"

namespace limpet::bench {

inline constexpr std::uint32_t kUsualLoad = 10;

inline std::vector<backends::Backend> make_backends(std::uint32_t count) {
  std::vector<backends::Backend> backends(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    backends::Backend& backend = backends[i];
    backend.id = i + 1;
    backend.spec.name = "backend-" + std::to_string(i);
    backend.spec.max_sessions = 2 * kUsualLoad;
    backend.name_hash = affinity::hash_name(backend.spec.name);
    backend.address = SocketAddress(IpAddress::from_v4({127, 0, 0, 1}), 3000);
    backend.state = std::make_shared<backends::BackendState>();
    backend.state->sessions = kUsualLoad;
  }
  return backends;
}

// What is wrong with all but a few backends.
struct Trouble {
  const char* what;
  double load_factor = 1.25;
  void (*strike)(backends::Backend& backend, std::uint32_t index) = nullptr;
};

inline constexpr std::array<Trouble, 8> kTroubles{{
    {.what = "all up, equal load", .strike = [](backends::Backend&, std::uint32_t) {}},
    {.what = "weights 1 to 10",
     .strike = [](backends::Backend& b, std::uint32_t i) { b.spec.weight = 1 + i % 10; }},
    {.what = "no load bound", .load_factor = 0, .strike = [](backends::Backend&, std::uint32_t) {}},
    {.what = "loads all different",
     .strike = [](backends::Backend& b, std::uint32_t i) { b.state->sessions = i * 7919 % 20; }},
    {.what = "half of them down, at random",
     .strike =
         [](backends::Backend& b, std::uint32_t) {
           b.state->health = b.name_hash % 2 == 0 ? backends::Health::Up : backends::Health::Down;
         }},
    {.what = "all but one down",
     .strike =
         [](backends::Backend& b, std::uint32_t i) {
           b.state->health = i == 0 ? backends::Health::Up : backends::Health::Down;
         }},
    {.what = "all but one full",
     .strike = [](backends::Backend& b,
                  std::uint32_t i) { b.state->sessions = i == 0 ? 0 : 2 * kUsualLoad; }},
    {.what = "all but one at their load bound",
     .load_factor = 1.0,
     .strike = [](backends::Backend& b, std::uint32_t i) { b.state->sessions = i == 0 ? 0 : kUsualLoad; }},
}};

inline backends::BackendSet make_set(std::uint32_t count, const Trouble& trouble) {
  std::vector<backends::Backend> backends = make_backends(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    trouble.strike(backends[i], i);
  }
  return backends::BackendSet(std::move(backends));
}

}  // namespace limpet::bench
