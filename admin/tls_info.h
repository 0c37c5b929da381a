// What the admin endpoint shows of TLS. Plain values. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace limpet::admin {

struct CertificateInfo {
  std::vector<std::string> names;
  WallTime not_after;
  std::int64_t days_left = 0;  // whole ones; negative when it has ended
};

// Of the clients' side or of the backends'.
struct TlsTotals {
  std::uint64_t handshakes = 0;                                      // completed
  std::uint64_t resumed = 0;                                         // of those
  std::uint64_t handed_over = 0;                                     // of those, sealed by the kernel
  std::vector<std::pair<std::string_view, std::uint64_t>> failures;  // by word, without zeros
};

}  // namespace limpet::admin
