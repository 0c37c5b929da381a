#include "affinity/pin_records.h"

#include <algorithm>
#include <utility>

#include "affinity/pin_format.h"
#include "base/assert.h"

namespace limpet::affinity {

using namespace pin_format;

namespace {

std::uint64_t milliseconds_of(Duration duration) noexcept {
  return std::min<std::uint64_t>(static_cast<std::uint64_t>(std::max(Duration::zero(), duration).count()),
                                 kLongest);
}

}  // namespace

Duration time_between(const PinStamp& saved, const PinStamp& now) noexcept {
  const bool is_same_boot =
      !saved.boot.empty() && saved.boot == now.boot && now.since_boot >= saved.since_boot;
  const Duration passed = is_same_boot ? now.since_boot - saved.since_boot : now.wall - saved.wall;
  return std::max(Duration::zero(), passed);
}

std::string PinWriter::begin(const PinStamp& stamp) {
  std::string out(kMagic);
  append_fixed(out, kFormat);
  append_varint(out, milliseconds_of(stamp.wall.time_since_epoch()));
  append_varint(out, milliseconds_of(stamp.since_boot));
  append_text(out, std::string_view(stamp.boot).substr(0, kMaxBootBytes));
  append_fixed(out, checksum_of(out, 0));
  return out;
}

std::optional<std::uint32_t> PinWriter::add_target(const PinTarget& target) {
  if (targets_ == kMaxTargets || target.pool.size() > kMaxNameBytes ||
      target.backend.size() > kMaxNameBytes) {
    return std::nullopt;
  }
  append_fixed(payload_, kTargetItem);
  append_text(payload_, target.pool);
  append_text(payload_, target.backend);
  return targets_++;
}

void PinWriter::add(const PinRecord& record) {
  LIMPET_ASSERT(record.target < targets_, "a pin's target is told before the pin");
  if (record.key.empty() || record.key.size() > kMaxKeyBytes) {
    return;
  }
  append_fixed(payload_,
               static_cast<std::uint8_t>(static_cast<unsigned>(record.kind) |
                                         static_cast<unsigned>(record.reason) << kReasonShift |
                                         static_cast<unsigned>(record.by_hand) << kByHandShift |
                                         static_cast<unsigned>(record.opened.has_value()) << kOpenedShift));
  append_varint(payload_, record.target);
  append_varint(payload_, milliseconds_of(record.age));
  append_varint(payload_, milliseconds_of(record.idle));
  append_varint(payload_, milliseconds_of(record.ttl));
  if (record.opened) {
    append_varint(payload_, milliseconds_of(*record.opened));
  }
  append_text(payload_, record.key);
  ++pins_;
}

std::string PinWriter::take_block() {
  std::string out;
  if (payload_.empty()) {
    return out;
  }
  LIMPET_ASSERT(payload_.size() <= kMaxBlockBytes, "a block is taken before it is too long");
  out.reserve(kSizeBytes + kChecksumBytes + payload_.size());
  append_fixed(out, static_cast<std::uint32_t>(payload_.size()));
  append_fixed(out, checksum_of(payload_, ++blocks_));
  out.append(payload_);
  payload_.clear();
  return out;
}

std::string PinWriter::end() {
  LIMPET_ASSERT(payload_.empty(), "the end follows the last block");
  std::string count;
  append_fixed(count, pins_);
  std::string out;
  append_fixed(out, std::uint32_t{0});
  append_fixed(out, checksum_of(count, ++blocks_));
  out.append(count);
  return out;
}

}  // namespace limpet::affinity
