// How pins lie in bytes (pin_records.h): what its writer and its reader share. Nobody else includes this.
#pragma once

#include <xxhash.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "affinity/key.h"
#include "affinity/table.h"

namespace limpet::affinity::pin_format {

inline constexpr std::string_view kMagic = "limpet pins\n";
inline constexpr std::uint32_t kFormat = 2;
inline constexpr std::uint32_t kOldestFormat = 1;  // never says `opened`
inline constexpr std::size_t kMaxBootBytes = 64;
// Longer than any configuration allows: times beyond it are damage.
inline constexpr std::uint64_t kLongest = std::chrono::milliseconds(std::chrono::years(100)).count();

// What an item of a payload begins with. A pin's says more: kind, reason, by_hand and whether `opened`
// follows; no kind has all bits of a target.
inline constexpr std::uint8_t kTargetItem = 0xff;
inline constexpr unsigned kReasonShift = 3;
inline constexpr unsigned kByHandShift = 6;
inline constexpr std::uint8_t kKindMask = 0x07;
inline constexpr unsigned kOpenedShift = 7;
inline constexpr auto kLastKind = static_cast<std::uint8_t>(KeyKind::Path);
inline constexpr auto kLastReason = static_cast<std::uint8_t>(PinReason::Moved);
// These numbers lie in files: a change of them is a new format.
static_assert(kLastKind == 4 && kLastReason == 4 && static_cast<int>(KeyKind::ClientIp) == 1 &&
              static_cast<int>(KeyKind::Header) == 2 && static_cast<int>(PinReason::Hash) == 1 &&
              static_cast<int>(PinReason::Overflow) == 2);

inline constexpr std::size_t kSizeBytes = sizeof(std::uint32_t);
inline constexpr std::size_t kChecksumBytes = sizeof(std::uint64_t);
inline constexpr std::size_t kCountBytes = sizeof(std::uint64_t);

inline std::uint64_t checksum_of(std::string_view bytes, std::uint64_t block) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), block);
}

}  // namespace limpet::affinity::pin_format
