#include "affinity/pin_records.h"

#include "base/text.h"
#include "tests/support/catch.h"

namespace limpet::affinity {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using Step = PinReader::Step;

const PinStamp kStamp{.wall = WallTime(seconds(1'700'000'000)), .since_boot = hours(5), .boot = "boot-1"};

struct Read {
  Step last = Step::NeedMore;
  std::string problem;
  PinStamp stamp;
  std::vector<PinTarget> targets;
  std::vector<PinRecord> records;  // keys are in `keys`
  std::vector<std::string> keys;
};

// In pieces of `piece` bytes.
Read read_all(std::string_view bytes, std::size_t piece) {
  PinReader reader;
  Read read;
  while (read.last == Step::NeedMore && !bytes.empty()) {
    reader.add(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    while ((read.last = reader.next()) == Step::Pin) {
      read.keys.emplace_back(reader.record().key);
      read.records.push_back(reader.record());
      read.records.back().key = {};
    }
    // The end is known only when nothing follows.
    read.last = read.last == Step::End && !bytes.empty() ? Step::NeedMore : read.last;
  }
  read.last = reader.finish();
  read.problem = reader.problem();
  read.targets = reader.targets();
  read.stamp = reader.stamp();
  return read;
}

PinRecord record_of(std::uint32_t target, std::string_view key) {
  return {.target = target,
          .kind = KeyKind::Header,
          .reason = PinReason::Overflow,
          .by_hand = true,
          .age = hours(3),
          .idle = seconds(2),
          .ttl = hours(1),
          .key = key};
}

// Two blocks, two targets, three pins.
std::string sample() {
  PinWriter writer;
  std::string bytes = PinWriter::begin(kStamp);
  const auto chat = writer.add_target({"chat", "b1"});
  writer.add(record_of(*chat, "first"));
  bytes += writer.take_block();
  const auto game = writer.add_target({"game", "10.0.0.1:80"});
  writer.add(record_of(*game, "second"));
  writer.add(record_of(*chat, std::string(kMaxKeyBytes, 'k')));
  bytes += writer.take_block();
  return bytes + writer.end();
}

TEST_CASE("what was written is read again, whole and in pieces of any size") {
  const std::string bytes = sample();
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}, bytes.size()}) {
    INFO("pieces of " << piece);
    const Read read = read_all(bytes, piece);
    CHECK(read.problem == "");
    REQUIRE(read.last == Step::End);
    CHECK(read.stamp == kStamp);
    CHECK(read.targets == std::vector<PinTarget>{{"chat", "b1"}, {"game", "10.0.0.1:80"}});
    CHECK(read.keys == std::vector<std::string>{"first", "second", std::string(kMaxKeyBytes, 'k')});
    CHECK(read.records == std::vector{record_of(0, {}), record_of(1, {}), record_of(0, {})});
  }
}

TEST_CASE("no pins at all are well ended") {
  PinWriter writer;
  CHECK(writer.take_block().empty());
  const Read read = read_all(PinWriter::begin(kStamp) + writer.end(), 5);
  CHECK(read.last == Step::End);
  CHECK(read.keys.empty());
}

TEST_CASE("a bit that has changed anywhere is noticed") {
  const std::string bytes = sample();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ (1U << bit));
      INFO("byte " << at << ", bit " << bit);
      const Read read = read_all(damaged, damaged.size());
      CHECK(read.last == Step::Refused);
      CHECK_FALSE(read.problem.empty());
    }
  }
}

TEST_CASE("a file that was cut anywhere is noticed") {
  const std::string bytes = sample();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    INFO("cut to " << size);
    const Read read = read_all(bytes.substr(0, size), 16);
    CHECK(read.last == Step::Refused);
    CHECK(read.problem == "it is cut off");
  }
}

TEST_CASE("what follows the end, and a block that comes twice, are noticed") {
  CHECK(read_all(sample() + "x", 1000).problem == "something follows its end");
  PinWriter writer;
  const auto chat = writer.add_target({"chat", "b1"});
  writer.add(record_of(*chat, "first"));
  const std::string block = writer.take_block();
  const std::string begin = PinWriter::begin(kStamp);
  CHECK(read_all(begin + block + writer.end(), 1000).last == Step::End);
  CHECK(read_all(begin + block + block + writer.end(), 1000).problem == "block 2 is damaged");
}

TEST_CASE("a foreign file and one of a newer format are told apart") {
  CHECK(read_all("#!/bin/sh\necho hello\n", 4).problem == "it is not a file of pins");
  std::string newer = sample();
  newer[std::string_view("limpet pins\n").size()] = 3;
  CHECK(read_all(newer, 1000).problem == "its format is 3, and this limpet reads formats 1 to 2");
}

TEST_CASE("a length that nobody wrote is refused before anything of it is kept") {
  std::string bytes = PinWriter::begin(kStamp);
  append_fixed(bytes, std::uint32_t{0xffffffff});
  append_fixed(bytes, std::uint64_t{0});
  CHECK(read_all(bytes, 1000).problem == "a block is longer than any is");
}

TEST_CASE("the bytes of the format stay what they are") {
  PinWriter writer;
  const auto target = writer.add_target({"p", "b"});
  writer.add({.target = *target,
              .kind = KeyKind::Path,
              .reason = PinReason::Moved,
              .by_hand = true,
              .age = Duration(300),
              .idle = Duration(1),
              .ttl = Duration(127),
              .key = "k"});
  writer.add({.target = *target, .opened = Duration(5), .key = "k"});
  const std::string block = writer.take_block();
  // Behind the size and the checksum: target "p" "b", then the pin.
  CHECK(hex(std::span(reinterpret_cast<const std::uint8_t*>(block.data()), block.size()).subspan(12)) ==
        "ff01700162"
        "6400ac02017f016b"
        "800000000005016b");
}

TEST_CASE("names and keys that do not fit are left out by the writer") {
  PinWriter writer;
  CHECK_FALSE(writer.add_target({std::string(PinWriter::kMaxNameBytes + 1, 'p'), "b"}));
  const auto target = writer.add_target({"p", "b"});
  REQUIRE(target);
  writer.add(record_of(*target, ""));
  writer.add(record_of(*target, std::string(kMaxKeyBytes + 1, 'k')));
  const std::string block = writer.take_block();
  const Read read = read_all(PinWriter::begin(kStamp) + block + writer.end(), 1000);
  CHECK(read.last == Step::End);
  CHECK(read.keys.empty());
}

TEST_CASE("within one boot its clock tells how much time has passed, whatever the wall clock says") {
  PinStamp later = kStamp;
  later.since_boot += seconds(90);
  later.wall -= hours(24 * 365);
  CHECK(time_between(kStamp, later) == seconds(90));
  later.wall += hours(24 * 365 * 30);
  CHECK(time_between(kStamp, later) == seconds(90));
}

TEST_CASE("after another boot the wall clock tells, and never that time went back") {
  PinStamp later{.wall = kStamp.wall + hours(2), .since_boot = seconds(20), .boot = "boot-2"};
  CHECK(time_between(kStamp, later) == hours(2));
  later.wall = kStamp.wall - hours(2);
  CHECK(time_between(kStamp, later) == seconds(0));
  const PinStamp unknown{.wall = kStamp.wall, .since_boot = hours(1), .boot = ""};
  const PinStamp unknown_later{.wall = kStamp.wall + hours(2), .since_boot = hours(9), .boot = ""};
  CHECK(time_between(unknown, unknown_later) == hours(2));
}

}  // namespace
}  // namespace limpet::affinity
