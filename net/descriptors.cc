#include "net/descriptors.h"

#include <sys/resource.h>

#include <algorithm>

namespace limpet::net {

namespace {

constexpr std::uint64_t kShareKept = 8;  // an eighth of all for admin and probes, within these bounds
constexpr std::uint64_t kLeastKept = 16;
constexpr std::uint64_t kMostKept = 256;

}  // namespace

DescriptorBounds DescriptorBounds::of(std::uint64_t limit) noexcept {
  constexpr std::uint64_t kMostNumbered = std::numeric_limits<int>::max();
  const std::uint64_t most = std::min(limit, kMostNumbered);
  const std::uint64_t kept = std::min(most, std::clamp(most / kShareKept, kLeastKept, kMostKept));
  const std::uint64_t for_backends = most - kept;
  // As much again, so that clients that were accepted find a descriptor for their backend.
  const std::uint64_t for_clients = for_backends - std::min(for_backends, kept);
  return {.for_clients = static_cast<int>(for_clients), .for_backends = static_cast<int>(for_backends)};
}

std::uint64_t raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return 0;
  }
  if (limit.rlim_cur < limit.rlim_max) {
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
      limit.rlim_cur = before;
    }
  }
  return limit.rlim_cur;
}

}  // namespace limpet::net
