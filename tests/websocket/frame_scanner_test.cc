#include "websocket/frame_scanner.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "tests/support/catch.h"
#include "tests/websocket/counting_scanner.h"
#include "tests/websocket/frames.h"

using namespace limpet::websocket;
using namespace limpet::websocket::testing;

namespace {

constexpr std::uint8_t kText = 0x81;
constexpr std::uint8_t kTextBegin = 0x01;
constexpr std::uint8_t kBinary = 0x82;
constexpr std::uint8_t kMiddle = 0x00;
constexpr std::uint8_t kLast = 0x80;
constexpr std::uint8_t kClose = 0x88;
constexpr std::uint8_t kPing = 0x89;
constexpr std::uint8_t kPong = 0x8a;

struct Seen {
  bool between_frames;
  bool between_messages;
  std::uint64_t payload_left;
  std::uint32_t messages;
  bool close_seen;
  bool lost;

  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen state_of(const CountingScanner& scanner) {
  return {scanner->between_frames(), scanner->between_messages(), scanner->payload_left(),
          scanner->messages(),       scanner->close_seen(),       scanner->lost()};
}

Seen scan(const Bytes& bytes, std::size_t step) {
  return state_of(CountingScanner(bytes, step));
}

constexpr std::array<std::size_t, 8> kSteps{1, 2, 3, 5, 13, 14, 15, 1000};

// The answer for every segmentation, which must not depend on it.
Seen scan_any_way(const Bytes& bytes) {
  const Seen whole = scan(bytes, bytes.size() + 1);
  for (const std::size_t step : kSteps) {
    CAPTURE(step);
    CHECK(scan(bytes, step) == whole);
  }
  return whole;
}

void check_complete(const Bytes& bytes, std::uint32_t messages, bool close_seen = false) {
  const Seen seen = scan_any_way(bytes);
  CHECK(seen.between_frames);
  CHECK(seen.between_messages);
  CHECK(seen.payload_left == 0);
  CHECK(seen.messages == messages);
  CHECK(seen.close_seen == close_seen);
  CHECK_FALSE(seen.lost);
}

}  // namespace

TEST_CASE("a fresh scanner is between messages") {
  const Seen seen = state_of(CountingScanner{});
  CHECK(seen == Seen{true, true, 0, 0, false, false});
}

TEST_CASE("whole messages of every length form are counted, however they are cut") {
  for (const bool masked : {false, true}) {
    for (const std::size_t size : {0U, 1U, 13U, 125U, 126U, 127U, 255U, 256U, 65535U, 65536U, 70000U}) {
      CAPTURE(masked, size);
      check_complete(frame(kText, size, masked), 1);
      check_complete(frame(kText, size, masked) + frame(kBinary, size, masked), 2);
    }
  }
}

TEST_CASE("a length that is not in its shortest form is followed as it stands") {
  check_complete(Bytes{kText, 126, 0, 2, 'a', 'b'}, 1);
  check_complete(Bytes{kText, 127, 0, 0, 0, 0, 0, 0, 0, 2, 'a', 'b'}, 1);
}

TEST_CASE("control frames are no messages and do not end one") {
  check_complete(frame(kPing, 4) + frame(kPong, 0, true), 0);
  check_complete(
      frame(kTextBegin, 3) + frame(kPing, 3) + frame(kMiddle, 3) + frame(kPong, 0) + frame(kLast, 0), 1);
  const Seen seen = scan_any_way(frame(kTextBegin, 3) + frame(kPing, 3));
  CHECK(seen == Seen{true, false, 0, 0, false, false});
}

TEST_CASE("a message of fragments is counted once, with its last one") {
  CHECK(scan_any_way(frame(kTextBegin, 3)) == Seen{true, false, 0, 0, false, false});
  CHECK(scan_any_way(frame(kTextBegin, 0) + frame(kMiddle, 0)) == Seen{true, false, 0, 0, false, false});
  check_complete(frame(kTextBegin, 3) + frame(kMiddle, 200) + frame(kLast, 3), 1);
}

TEST_CASE("inside a frame nothing may be put") {
  const Bytes bytes = frame(kText, 300, true) + frame(kTextBegin, 2) + frame(kPing, 0) + frame(kLast, 70000);
  const std::vector<std::size_t> frame_ends{308, 312, 314, 70324};
  CountingScanner scanner;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    scanner.observe(std::span(bytes).subspan(i, 1));
    const bool at_end = std::find(frame_ends.begin(), frame_ends.end(), i + 1) != frame_ends.end();
    if (scanner->between_frames() != at_end) {
      FAIL("byte " << i << " is taken for the end of a frame or the other way round");
    }
  }
  CHECK(scanner->messages() == 2);
}

TEST_CASE("the payload that is left counts down to the end of the frame") {
  const Bytes bytes = frame(kBinary, 300, true);
  CountingScanner scanner;
  scanner.observe(std::span(bytes).first(3));
  CHECK(scanner->payload_left() == 0);  // the length is not known yet
  scanner.observe(std::span(bytes).subspan(3, 1));
  CHECK(scanner->payload_left() == 300);
  scanner.observe(std::span(bytes).subspan(4, 4));
  CHECK(scanner->payload_left() == 300);
  scanner.observe(std::span(bytes).subspan(8, 100));
  CHECK(scanner->payload_left() == 200);
  scanner.observe(std::span(bytes).subspan(108));
  CHECK(scanner->payload_left() == 0);
  CHECK(scanner->between_frames());
}

TEST_CASE("a Close is seen with its first byte and does not stop the following") {
  CountingScanner scanner;
  scanner.observe(Bytes{kClose});
  CHECK(scanner->close_seen());
  CHECK_FALSE(scanner->between_frames());
  check_complete(frame(kClose, 2), 0, true);
  check_complete(frame(kClose, 2, true) + frame(kText, 300) + frame(kClose, 0), 1, true);
}

TEST_CASE("payload that looks like a Close is not one") {
  check_complete(frame(kBinary, 50), 1, false);
}

TEST_CASE("a length with its top bit set loses the boundaries for good") {
  const Seen lost{false, false, 0, 1, false, true};
  for (const std::uint8_t length : {std::uint8_t{0x7f}, std::uint8_t{0xff}}) {
    const Bytes header{kBinary, length, 0x80, 0, 0, 0, 0, 0, 0, 1};
    CHECK(scan_any_way(frame(kText, 1) + header) == lost);
    CHECK(scan_any_way(frame(kText, 1) + header + frame(kText, 50) + frame(kClose, 0)) == lost);
  }
}

TEST_CASE("the longest length there may be is followed") {
  const Bytes header{kBinary, 0x7f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  CHECK(scan_any_way(header + payload_of(100)) ==
        Seen{false, false, 0x7fffffffffffffff - 100, 0, false, false});
}

TEST_CASE("to the boundary is to the end of the frame under way, however it is cut") {
  const Bytes under_way = frame(kTextBegin, 300, true);
  const Bytes behind = frame(kPing, 4) + frame(kClose, 2);
  const Bytes all = under_way + behind;
  for (std::size_t begun = 1; begun < under_way.size(); ++begun) {
    for (const std::size_t step : {1U, 2U, 7U, 200U, 1000U}) {
      CountingScanner scanner;
      scanner.observe(std::span(all).first(begun));
      std::size_t at = begun;
      while (!scanner->between_frames()) {
        const auto piece = std::span(all).subspan(at, std::min(step, all.size() - at));
        const std::size_t taken = scanner.observe_to_boundary(piece);
        REQUIRE(taken > 0);
        REQUIRE((taken == piece.size() || scanner->between_frames()));
        at += taken;
      }
      REQUIRE(at == under_way.size());
      REQUIRE_FALSE(scanner->close_seen());
      REQUIRE(scanner.observe_to_boundary(behind) == 0);
      scanner.observe(behind);
      REQUIRE(scanner->has_ended());
    }
  }
}

TEST_CASE("a frame without payload ends with its header") {
  CountingScanner scanner;
  const Bytes bytes = frame(kLast, 0, true) + frame(kText, 1);
  scanner.observe(std::span(bytes).first(1));
  CHECK(scanner.observe_to_boundary(std::span(bytes).subspan(1)) == 5);
  CHECK(scanner->between_frames());
}

TEST_CASE("between frames nothing is looked at up to the boundary, nor where it is lost") {
  CountingScanner scanner;
  CHECK(scanner.observe_to_boundary(frame(kText, 3)) == 0);
  const Bytes header{kBinary, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 1};
  scanner.observe(std::span(header).first(2));
  CHECK(scanner.observe_to_boundary(Bytes(header.begin() + 2, header.end()) + frame(kText, 3)) == 8);
  CHECK(scanner->lost());
  CHECK(scanner.observe_to_boundary(frame(kText, 3)) == 0);
}

TEST_CASE(
    "to the end of the message is to its last fragment, over what stands among them, however it is cut") {
  const Bytes message =
      frame(kTextBegin, 300) + frame(kPing, 4) + frame(kMiddle, 0) + frame(kPong, 0, true) + frame(kLast, 2);
  const Bytes behind = frame(kPing, 4) + frame(kText, 2);
  const Bytes all = message + behind;
  for (std::size_t begun = 1; begun < message.size(); ++begun) {
    for (const std::size_t step : {1U, 2U, 7U, 200U, 1000U}) {
      CountingScanner scanner;
      scanner.observe(std::span(all).first(begun));
      std::size_t at = begun;
      while (!scanner->between_messages()) {
        const auto piece = std::span(all).subspan(at, std::min(step, all.size() - at));
        const std::size_t taken = scanner.observe_to_message_end(piece);
        REQUIRE((taken == piece.size() || scanner->between_messages()));
        at += taken;
      }
      REQUIRE(at == message.size());
      REQUIRE(scanner.observe_to_message_end(behind) == 0);
    }
  }
}

TEST_CASE("to the end of the message leads no further than where boundaries are lost") {
  CountingScanner scanner;
  scanner.observe(frame(kTextBegin, 3));
  const Bytes header{kMiddle, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 1};
  CHECK(scanner.observe_to_message_end(header + frame(kLast, 3)) == header.size());
  CHECK(scanner->lost());
}

TEST_CASE(
    "every frame is counted by its opcode when it begins, and a message by its size when it has ended") {
  const Bytes bytes = frame(kText, 64) + frame(kText, 65, true) + frame(kPing, 100) +
                      frame(kTextBegin, 1000) + frame(kPong, 0) + frame(kMiddle, 20) + frame(kLast, 4, true) +
                      frame(kBinary, 0) + frame(kBinary, 70000) + frame(0x83, 1) + frame(kTextBegin, 5) +
                      frame(kClose, 2);
  for (const std::size_t step : kSteps) {
    CAPTURE(step);
    const CountingScanner scanner(bytes, step);
    const limpet::FrameTally& tally = scanner.tally();
    const std::array<std::uint64_t, 16> frames{2, 4, 2, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0};
    for (std::size_t opcode = 0; opcode < frames.size(); ++opcode) {
      CAPTURE(opcode);
      CHECK(tally.frames[opcode].get() == frames[opcode]);
    }
    CHECK(tally.messages.get() == scanner->messages());
    CHECK(scanner->messages() == 6);
    const std::array<std::uint64_t, 9> sizes{3, 1, 1, 0, 0, 0, 1, 0, 0};
    for (std::size_t bucket = 0; bucket < sizes.size(); ++bucket) {
      CAPTURE(bucket);
      CHECK(tally.sizes->counts[bucket].get() == sizes[bucket]);
    }
    CHECK(tally.sizes->bytes.get() == 64 + 65 + 1024 + 70000 + 1);
  }
}

TEST_CASE("a message is in the bucket of the first bound that it does not exceed") {
  using limpet::SizeTally;
  CHECK(SizeTally::bucket(0) == 0);
  for (std::size_t i = 0; i < SizeTally::kBounds.size(); ++i) {
    const auto bound = static_cast<std::uint32_t>(SizeTally::kBounds[i]);
    CAPTURE(bound);
    CHECK(SizeTally::bucket(bound - 1) == i);
    CHECK(SizeTally::bucket(bound) == i);
    CHECK(SizeTally::bucket(bound + 1) == i + 1);
  }
  CHECK(SizeTally::bucket(std::numeric_limits<std::uint32_t>::max()) == SizeTally::kBounds.size());
}

TEST_CASE("the code of a Close is read, masked or not, however it is cut") {
  const Bytes plain{kClose, 4, 0x03, 0xf4, 'x', 'y'};
  const Bytes masked{kClose, 0x82, 0xa1, 0x52, 0x03, 0x04, 0xa1 ^ 0x0f, 0x52 ^ 0xa0};
  for (const Bytes& before : {Bytes{}, frame(kText, 5), frame(kText, 300, true)}) {
    for (const std::size_t step : kSteps) {
      CAPTURE(before.size(), step);
      CHECK(CountingScanner(before + plain, step)->close_code() == 1012);
      CHECK(CountingScanner(before + masked, step)->close_code() == 4000);
      CHECK(CountingScanner(before + plain + masked + frame(kText, 50), step)->close_code() == 1012);
    }
  }
}

TEST_CASE("a Close without a code has none, nor has one that is not whole") {
  for (const std::size_t step : kSteps) {
    CAPTURE(step);
    CHECK(CountingScanner(frame(kClose, 0), step)->close_code() == 0);
    CHECK(CountingScanner(frame(kClose, 1, true), step)->close_code() == 0);
    CHECK(CountingScanner(frame(kText, 20), step)->close_code() == 0);
  }
  const Bytes masked{kClose, 0x82, 0xa1, 0x52, 0x03, 0x04, 0xa1 ^ 0x0f, 0x52 ^ 0xa0};
  CountingScanner scanner;
  for (std::size_t i = 0; i + 1 < masked.size(); ++i) {
    scanner.observe(std::span(masked).subspan(i, 1));
    CHECK(scanner->close_code() == 0);
  }
}
