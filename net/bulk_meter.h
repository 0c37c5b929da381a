// BulkMeter: whether a connection is sent much at a time. A record that the kernel makes costs a system's
// ways of its own, which messages of a few hundred bytes do not earn back; 16 KiB a write do. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

namespace limpet::net {

class BulkMeter {
 public:
  static constexpr std::uint64_t kBytes = std::uint64_t{1} << 20U;
  static constexpr std::uint32_t kMostWrites = 64;  // 16 KiB each

  // A write has moved so many bytes, at least one. True at the end of a stretch of kBytes that took no more
  // than kMostWrites; the next stretch begins behind it.
  [[nodiscard]] bool note(std::size_t bytes) noexcept {
    bytes_ += static_cast<std::uint32_t>(bytes < kBytes ? bytes : kBytes);
    ++writes_;
    if (bytes_ < kBytes && writes_ <= kMostWrites) {
      return false;
    }
    const bool is_bulk = writes_ <= kMostWrites;
    bytes_ = 0;
    writes_ = 0;
    return is_bulk;
  }

 private:
  std::uint32_t bytes_ = 0;  // in this stretch
  std::uint32_t writes_ = 0;
};

}  // namespace limpet::net
