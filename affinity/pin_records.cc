#include "affinity/pin_records.h"

#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace limpet::affinity {

namespace {

constexpr std::string_view kMagic = "limpet pins\n";
constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kMaxBootBytes = 64;
// Longer than any configuration allows: times beyond it are damage.
constexpr std::uint64_t kLongest = std::chrono::milliseconds(std::chrono::years(100)).count();

// What an item of a payload begins with. A pin's says more: kind, reason and by_hand.
constexpr std::uint8_t kTargetItem = 0xff;
constexpr unsigned kReasonShift = 3;
constexpr unsigned kByHandShift = 6;
constexpr std::uint8_t kKindMask = 0x07;
constexpr std::uint8_t kMostBits = 0x7f;
constexpr auto kLastKind = static_cast<std::uint8_t>(KeyKind::Path);
constexpr auto kLastReason = static_cast<std::uint8_t>(PinReason::Moved);
// These numbers lie in files: a change of them is a new format.
static_assert(kLastKind == 4 && kLastReason == 4 && static_cast<int>(KeyKind::ClientIp) == 1 &&
              static_cast<int>(KeyKind::Header) == 2 && static_cast<int>(PinReason::Hash) == 1 &&
              static_cast<int>(PinReason::Overflow) == 2);

constexpr std::size_t kSizeBytes = sizeof(std::uint32_t);
constexpr std::size_t kChecksumBytes = sizeof(std::uint64_t);
constexpr std::size_t kCountBytes = sizeof(std::uint64_t);

std::uint64_t checksum_of(std::string_view bytes, std::uint64_t block) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), block);
}

std::uint64_t milliseconds_of(Duration duration) noexcept {
  return std::min<std::uint64_t>(static_cast<std::uint64_t>(std::max(Duration::zero(), duration).count()),
                                 kLongest);
}

Duration read_duration(ByteReader& bytes) noexcept {
  return Duration(static_cast<Duration::rep>(bytes.varint(kLongest)));
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
  append_fixed(payload_, static_cast<std::uint8_t>(static_cast<unsigned>(record.kind) |
                                                   static_cast<unsigned>(record.reason) << kReasonShift |
                                                   static_cast<unsigned>(record.by_hand) << kByHandShift));
  append_varint(payload_, record.target);
  append_varint(payload_, milliseconds_of(record.age));
  append_varint(payload_, milliseconds_of(record.idle));
  append_varint(payload_, milliseconds_of(record.ttl));
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

void PinReader::add(std::string_view piece) {
  buffer_.erase(0, std::exchange(at_, 0));
  block_end_ = 0;
  buffer_.append(piece);
}

PinReader::Step PinReader::next() {
  for (;;) {
    switch (state_) {
      case State::Begin:
        if (!read_begin()) {
          return state_ == State::Refused ? Step::Refused : Step::NeedMore;
        }
        break;
      case State::Between:
        if (!read_frame()) {
          return state_ == State::Refused ? Step::Refused : Step::NeedMore;
        }
        break;
      case State::Block:
        if (read_item(std::string_view(buffer_).substr(at_, block_end_ - at_))) {
          return Step::Pin;
        }
        break;
      case State::Ended:
        if (!unread().empty()) {
          refuse("something follows its end");
          break;
        }
        return Step::End;
      case State::Refused:
        return Step::Refused;
    }
  }
}

PinReader::Step PinReader::finish() {
  const Step step = next();
  if (step == Step::NeedMore) {
    refuse("it is cut off");
    return Step::Refused;
  }
  return step;
}

bool PinReader::refuse(std::string problem) {
  state_ = State::Refused;
  problem_ = std::move(problem);
  buffer_.clear();
  at_ = 0;
  return false;
}

bool PinReader::read_begin() {
  const std::string_view all = unread();
  if (all.substr(0, kMagic.size()) != kMagic.substr(0, all.size())) {
    return refuse("it is not a file of pins");
  }
  if (all.size() < kMagic.size() + kSizeBytes) {
    return false;
  }
  ByteReader bytes(all.substr(kMagic.size()));
  if (const auto format = bytes.fixed<std::uint32_t>(); format != kFormat) {
    return refuse("its format is " + std::to_string(format) + ", and this limpet reads format " +
                  std::to_string(kFormat));
  }
  stamp_.wall = WallTime(read_duration(bytes));
  stamp_.since_boot = read_duration(bytes);
  stamp_.boot = bytes.text(kMaxBootBytes);
  const std::size_t size = all.size() - bytes.left();
  const auto checksum = bytes.fixed<std::uint64_t>();
  if (!bytes.ok()) {
    // More bytes can heal what is short, but not what is longer than the longest beginning.
    constexpr std::size_t kMaxBeginBytes = 256;
    return all.size() < kMaxBeginBytes ? false : refuse("its beginning is damaged");
  }
  if (checksum != checksum_of(all.substr(0, size), 0)) {
    return refuse("its beginning is damaged");
  }
  at_ += size + kChecksumBytes;
  state_ = State::Between;
  return true;
}

bool PinReader::read_frame() {
  const std::string_view all = unread();
  ByteReader bytes(all);
  const auto size = bytes.fixed<std::uint32_t>();
  const auto checksum = bytes.fixed<std::uint64_t>();
  if (bytes.ok() && size > PinWriter::kMaxBlockBytes) {
    return refuse("a block is longer than any is");
  }
  const std::string_view payload = bytes.take(size == 0 ? kCountBytes : size);
  if (!bytes.ok()) {
    return false;
  }
  if (checksum != checksum_of(payload, ++blocks_)) {
    return refuse("block " + std::to_string(blocks_) + " is damaged");
  }
  at_ += kSizeBytes + kChecksumBytes;
  if (size == 0) {
    at_ += kCountBytes;
    const bool is_complete = ByteReader(payload).fixed<std::uint64_t>() == pins_;
    state_ = State::Ended;
    return is_complete || refuse("it does not have as many pins as it says");
  }
  block_end_ = at_ + size;
  state_ = State::Block;
  return true;
}

// True when record_ is the next pin.
bool PinReader::read_item(std::string_view payload) {
  if (payload.empty()) {
    state_ = State::Between;
    return false;
  }
  ByteReader bytes(payload);
  const bool is_target = static_cast<std::uint8_t>(payload.front()) == kTargetItem;
  const bool is_sound = is_target ? read_target(bytes) : read_pin(bytes);
  if (!is_sound) {
    return refuse("block " + std::to_string(blocks_) + " says what no limpet wrote");
  }
  at_ += payload.size() - bytes.left();
  return !is_target;
}

bool PinReader::read_target(ByteReader& bytes) {
  [[maybe_unused]] const auto item = bytes.fixed<std::uint8_t>();
  PinTarget target;
  target.pool = bytes.text(PinWriter::kMaxNameBytes);
  target.backend = bytes.text(PinWriter::kMaxNameBytes);
  if (!bytes.ok() || targets_.size() >= PinWriter::kMaxTargets) {
    return false;
  }
  targets_.push_back(std::move(target));
  return true;
}

bool PinReader::read_pin(ByteReader& bytes) {
  const auto bits = bytes.fixed<std::uint8_t>();
  const std::uint8_t kind = bits & kKindMask;
  const std::uint8_t reason = bits >> kReasonShift & kKindMask;
  record_.kind = static_cast<KeyKind>(kind);
  record_.reason = static_cast<PinReason>(reason);
  record_.by_hand = (bits >> kByHandShift & 1U) != 0;
  record_.target = static_cast<std::uint32_t>(bytes.varint(PinWriter::kMaxTargets));
  record_.age = read_duration(bytes);
  record_.idle = read_duration(bytes);
  record_.ttl = read_duration(bytes);
  record_.key = bytes.text(kMaxKeyBytes);
  ++pins_;
  return bytes.ok() && bits <= kMostBits && kind <= kLastKind && reason <= kLastReason &&
         record_.target < targets_.size() && !record_.key.empty();
}

}  // namespace limpet::affinity
