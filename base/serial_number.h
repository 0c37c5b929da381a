// Numbers of which each is given once in a process, from 1: another one tells that something is another,
// where an address could come again. Any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace limpet {

[[nodiscard]] inline std::uint64_t next_serial_number() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace limpet
