// Pins as bytes: how they lie in the pins file and how a process tells them to the one that follows it. Names
// instead of numbers, which another process gives otherwise, and ages instead of times. Pure. Any thread.
//
//   begin   "limpet pins\n", format (u32), stamp, XXH3 of all that
//   block   size (u32, not 0), XXH3 of the payload and the number of the block, payload: targets and pins
//   ...
//   end     size 0, number of pins (u64), XXH3 of it likewise; nothing follows
//
// A damaged byte anywhere, a missing or doubled block and a missing end are all noticed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "affinity/key.h"
#include "affinity/table.h"
#include "base/byte_codec.h"
#include "base/clock.h"

namespace limpet::affinity {

// When something was saved. Within one boot of the machine its own clock tells how long ago that was,
// whatever was done to the wall clock meanwhile.
struct PinStamp {
  WallTime wall;
  Duration since_boot{};
  std::string boot;  // what tells this boot from others; empty = unknown

  friend bool operator==(const PinStamp&, const PinStamp&) = default;
};
// Never negative.
[[nodiscard]] Duration time_between(const PinStamp& saved, const PinStamp& now) noexcept;

struct PinTarget {
  std::string pool;
  std::string backend;

  friend bool operator==(const PinTarget&, const PinTarget&) = default;
};

struct PinRecord {
  std::uint32_t target = 0;  // as add_target() answered
  KeyKind kind = KeyKind::Cookie;
  PinReason reason = PinReason::Balance;
  bool by_hand = false;
  // Counted back from the stamp.
  Duration age{};   // since it was created
  Duration idle{};  // since it was last seen
  Duration ttl{};
  std::optional<Duration> opened{};  // since it last opened a session that it may be in the middle of
  std::string_view key;              // 1 to kMaxKeyBytes bytes; borrowed

  friend bool operator==(const PinRecord&, const PinRecord&) = default;
};

class PinWriter {
 public:
  // Most bytes of a block, and more than any begin or end has: what a reader has to keep at a time.
  static constexpr std::size_t kMaxBlockBytes = 128 * 1024;
  static constexpr std::size_t kMaxNameBytes = 512;
  static constexpr std::uint32_t kMaxTargets = 1U << 16U;

  [[nodiscard]] static std::string begin(const PinStamp& stamp);

  // Names are told once, then numbered. None when a name is too long or there are too many.
  [[nodiscard]] std::optional<std::uint32_t> add_target(const PinTarget& target);
  // What cannot be told (a key that is empty or too long) is left out. Requires that full() was not true.
  void add(const PinRecord& record);
  // A block is to be taken before more is added.
  [[nodiscard]] bool full() const noexcept { return payload_.size() >= kFullBytes; }
  // What was added since the last one; empty when that is nothing.
  [[nodiscard]] std::string take_block();
  // Requires that nothing is left to take.
  [[nodiscard]] std::string end();

 private:
  static constexpr std::size_t kFullBytes = kMaxBlockBytes / 2;

  std::string payload_;
  std::uint64_t blocks_ = 0;
  std::uint64_t pins_ = 0;
  std::uint32_t targets_ = 0;
};

// Reads what PinWriter wrote, in pieces of any size. Strict: anything else is refused, and nothing that is
// read makes it keep more than a block and the names of the targets.
class PinReader {
 public:
  enum class Step : std::uint8_t {
    NeedMore,
    Pin,      // record() is the next one
    End,      // well ended
    Refused,  // problem() says why; stays so
  };

  // Requires that next() has answered NeedMore since the last piece.
  void add(std::string_view piece);
  [[nodiscard]] Step next();
  // Nothing more comes: Refused unless it has well ended.
  [[nodiscard]] Step finish();

  // Until the next call.
  [[nodiscard]] const PinRecord& record() const noexcept { return record_; }
  [[nodiscard]] const std::vector<PinTarget>& targets() const noexcept { return targets_; }
  // Requires that a pin or the end was read.
  [[nodiscard]] const PinStamp& stamp() const noexcept { return stamp_; }
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  enum class State : std::uint8_t { Begin, Between, Block, Ended, Refused };

  [[nodiscard]] std::string_view unread() const noexcept { return std::string_view(buffer_).substr(at_); }
  // Each answers false when it needs more bytes or has refused.
  bool read_begin();
  bool read_frame();
  bool read_item(std::string_view payload);
  bool read_target(ByteReader& bytes);
  bool read_pin(ByteReader& bytes);
  bool refuse(std::string problem);

  State state_ = State::Begin;
  std::string buffer_;
  std::size_t at_ = 0;         // read so far of buffer_
  std::size_t block_end_ = 0;  // in buffer_; only in State::Block
  std::uint64_t blocks_ = 0;
  std::uint64_t pins_ = 0;
  PinStamp stamp_;
  std::vector<PinTarget> targets_;
  PinRecord record_;
  std::string problem_;
};

}  // namespace limpet::affinity
