// What is counted of the WebSocket frames of one direction. Written for every frame by the thread that
// follows them, read by any (base/tally.h).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/tally.h"

namespace limpet {

// Messages by the size of their payload, a bucket for each power of four.
struct SizeTally {
  // The largest size of each bucket; above them is one more.
  static constexpr std::array<std::uint64_t, 8> kBounds{64,        256,       1024,       4 * 1024,
                                                        16 * 1024, 64 * 1024, 256 * 1024, 1024 * 1024};
  static constexpr std::size_t kBuckets = kBounds.size() + 1;

  Tallies<kBuckets> counts;
  Tally bytes;

  [[nodiscard]] static constexpr std::size_t bucket(std::uint32_t size) noexcept {
    constexpr std::uint32_t kLowestBits = 63;  // all that the first bucket has in common
    constexpr std::size_t kFirstWidth = 5;     // of them, less one: widths pair from there on
    const std::uint32_t below = (size - (size != 0 ? 1 : 0)) | kLowestBits;
    return std::min((static_cast<std::size_t>(std::bit_width(below)) - kFirstWidth) / 2, kBounds.size());
  }
  void note(std::uint32_t size) noexcept {
    counts[bucket(size)].add();
    bytes.add(size);
  }
  void add(const SizeTally& more) noexcept {
    limpet::add(counts, more.counts);
    bytes.add(more.bytes);
  }
};

struct FrameTally {
  static constexpr std::size_t kOpcodes = 16;

  explicit FrameTally(SizeTally& of_messages) noexcept : sizes(&of_messages) {}

  Tallies<kOpcodes> frames;  // that have begun, by opcode (RFC 6455 5.2)
  Tally messages;            // that have ended
  SizeTally* sizes;          // of them; never null; others may count there too
};

}  // namespace limpet
