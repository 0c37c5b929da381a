// What the system says of this process. Control thread.
#pragma once

#include <cstdint>

namespace limpet::app {

[[nodiscard]] std::uint64_t resident_bytes() noexcept;  // 0 = not known
// Exact since Linux 6.2; before that, one more than the highest number below which there is no gap.
[[nodiscard]] std::uint64_t open_descriptors() noexcept;
[[nodiscard]] std::uint64_t most_descriptors() noexcept;
[[nodiscard]] double cpu_seconds() noexcept;  // user and system

}  // namespace limpet::app
