#include "websocket/frame_codec.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/websocket/frames.h"

using namespace limpet::websocket;
using namespace limpet::websocket::testing;

namespace {

constexpr Mask kMask{0x37, 0xfa, 0x21, 0x3d};  // RFC 6455 5.7

HeaderStep step_of(const Bytes& bytes) {
  return parse_frame_header(bytes).step;
}

// Every proper prefix asks for more, the whole header is complete and does not count what follows.
FrameHeader read_any_way(Bytes header) {
  for (std::size_t size = 0; size < header.size(); ++size) {
    CAPTURE(size);
    CHECK(step_of(Bytes(header.begin(), header.begin() + static_cast<std::ptrdiff_t>(size))) ==
          HeaderStep::NeedMore);
  }
  const std::size_t size = header.size();
  const ParsedHeader parsed = parse_frame_header(header + Bytes{1, 2, 3});
  REQUIRE(parsed.step == HeaderStep::Complete);
  CHECK(parsed.header.header_bytes == size);
  return parsed.header;
}

}  // namespace

TEST_CASE("a frame header is read from its bytes") {
  const FrameHeader plain = read_any_way({0x81, 0x05});
  CHECK(plain.fin);
  CHECK(plain.rsv == 0);
  CHECK(plain.opcode == 1);
  CHECK_FALSE(plain.masked);
  CHECK(plain.length == 5);

  const FrameHeader masked = read_any_way({0x42, 0xfe, 0x01, 0x00, 0x37, 0xfa, 0x21, 0x3d});
  CHECK_FALSE(masked.fin);
  CHECK(masked.rsv == 4);
  CHECK(masked.opcode == 2);
  CHECK(masked.masked);
  CHECK(masked.length == 256);
  CHECK(masked.mask == kMask);

  CHECK(read_any_way({0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0}).length == 65536);
  CHECK(read_any_way({0x82, 0x7f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}).length ==
        0x7fffffffffffffff);
  CHECK(read_any_way({0x82, 0x7e, 0, 126}).length == 126);
  CHECK(read_any_way({0x88, 0x7d}).length == 125);
}

TEST_CASE("a header that breaks RFC 6455 5.2 is malformed as soon as that shows") {
  for (const Bytes& bytes : std::vector<Bytes>{
           {0x83},  // reserved opcodes
           {0x87},
           {0x8b},
           {0x8f},
           {0x03},
           {0x08},  // control frames without FIN
           {0x09},
           {0x0a},
           {0x88, 0x7e},  // control frames that are too long
           {0x89, 0xff},
           {0x81, 0x7e, 0, 125},  // lengths that are not in their shortest form
           {0x81, 0x7e, 0, 0},
           {0x81, 0x7f, 0, 0, 0, 0, 0, 0, 0xff, 0xff},
           {0x81, 0x7f, 0, 0, 0, 0, 0, 0, 0, 1},
           {0x81, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0},  // the top bit
           {0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
       }) {
    CAPTURE(bytes);
    CHECK(step_of(bytes) == HeaderStep::Malformed);
    CHECK(step_of(bytes + Bytes(20, 0)) == HeaderStep::Malformed);
  }
}

TEST_CASE("the frames of the examples of RFC 6455 are written") {
  std::string out = "before";
  append_frame(out, Opcode::Text, "Hello");
  CHECK(out == "before\x81\x05Hello");
  out.clear();
  append_frame(out, Opcode::Text, "Hello", kMask);
  CHECK(out == "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
}

TEST_CASE("what is written is read back, whatever its length") {
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65535U, 65536U}) {
    for (const auto& mask : {std::optional<Mask>{}, std::optional(kMask)}) {
      CAPTURE(size, mask.has_value());
      const std::string payload(size, 'x');
      std::string out;
      append_frame(out, Opcode::Binary, payload, mask);
      const auto parsed = parse_frame_header(as_bytes(out));
      REQUIRE(parsed.step == HeaderStep::Complete);
      CHECK(parsed.header.length == size);
      CHECK(parsed.header.masked == mask.has_value());
      CHECK(out.size() == parsed.header.header_bytes + size);
      Bytes body(out.begin() + static_cast<std::ptrdiff_t>(parsed.header.header_bytes), out.end());
      apply_mask(body, parsed.header.mask);
      CHECK(std::string(body.begin(), body.end()) == payload);
    }
  }
}

TEST_CASE("a Close carries its code and its reason") {
  std::string out;
  append_close(out, 1012, "service restart");
  CHECK(out == std::string("\x88\x11\x03\xf4", 4) + "service restart");
  out.clear();
  append_close(out, 1000, "", kMask);
  CHECK(out == std::string("\x88\x82\x37\xfa\x21\x3d\x34\x12", 8));
}

TEST_CASE("a reason that is too long is cut between characters") {
  std::string out;
  append_close(out, 1001, std::string(122, 'a') + "\xc3\xa9");
  CHECK(out.size() == 2 + 2 + 122);
  out.clear();
  append_close(out, 1001, std::string(121, 'a') + "\xc3\xa9");
  CHECK(out.size() == 2 + 2 + 123);
  out.clear();
  append_close(out, 1001, std::string(200, '\x80'));
  CHECK(out.size() == 2 + 2);
}

TEST_CASE("a mask may be applied in pieces") {
  Bytes whole = payload_of(37);
  apply_mask(whole, kMask);
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    Bytes pieces = payload_of(37);
    apply_mask(std::span(pieces).first(cut), kMask);
    apply_mask(std::span(pieces).subspan(cut), kMask, cut);
    CHECK(pieces == whole);
  }
}

TEST_CASE("only opcodes from 8 on are control frames") {
  CHECK_FALSE(is_control(0));
  CHECK_FALSE(is_control(2));
  CHECK(is_control(8));
  CHECK(is_control(10));
}
