// Reads what pin_records.cc writes. Declared in pin_records.h.
#include <utility>

#include "affinity/pin_format.h"
#include "affinity/pin_records.h"

namespace limpet::affinity {

using namespace pin_format;

namespace {

Duration read_duration(ByteReader& bytes) noexcept {
  return Duration(static_cast<Duration::rep>(bytes.varint(kLongest)));
}

}  // namespace

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
  if (const auto format = bytes.fixed<std::uint32_t>(); format < kOldestFormat || format > kFormat) {
    return refuse("its format is " + std::to_string(format) + ", and this limpet reads formats " +
                  std::to_string(kOldestFormat) + " to " + std::to_string(kFormat));
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
  record_.opened = (bits >> kOpenedShift & 1U) != 0 ? std::optional(read_duration(bytes)) : std::nullopt;
  record_.key = bytes.text(kMaxKeyBytes);
  ++pins_;
  return bytes.ok() && kind <= kLastKind && reason <= kLastReason && record_.target < targets_.size() &&
         !record_.key.empty();
}

}  // namespace limpet::affinity
