#include "net/descriptors.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>

#include "net/fd.h"

namespace limpet::net {

namespace {

constexpr std::uint64_t kShareKept = 8;  // an eighth of all for admin and probes, within these bounds
constexpr std::uint64_t kLeastKept = 16;
constexpr std::uint64_t kMostKept = 256;
constexpr std::uint64_t kLeastServed = 8;  // fewer are not worth starting for

}  // namespace

DescriptorBounds DescriptorBounds::of(std::uint64_t limit, std::uint64_t in_use) noexcept {
  constexpr std::uint64_t kMostNumbered = std::numeric_limits<int>::max();
  const std::uint64_t most = std::min(limit, kMostNumbered);
  const std::uint64_t free = most - std::min(most, in_use);
  const std::uint64_t kept = std::clamp(free / kShareKept, std::min(free, kLeastKept), kMostKept);
  const std::uint64_t for_traffic = free - kept;
  return {.for_clients = static_cast<int>(most - kept - std::min(for_traffic, kept)),
          .for_backends = static_cast<int>(most - kept),
          .most_clients = static_cast<std::uint32_t>(for_traffic / 3 * 2)};
}

std::uint64_t DescriptorBounds::least_limit(std::uint64_t in_use) noexcept {
  return in_use + 2 * kLeastKept + kLeastServed;
}

std::uint64_t descriptors_in_use() noexcept {
  const Fd next(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
  return next.valid() ? static_cast<std::uint64_t>(next.get()) : std::numeric_limits<int>::max();
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
