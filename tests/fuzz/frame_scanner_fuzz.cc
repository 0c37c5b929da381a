// Frames: the scanner says the same however the bytes are cut, and agrees with the strict reader of headers.
#include <algorithm>

#include "tests/fuzz/pieces.h"
#include "tests/websocket/counting_scanner.h"
#include "websocket/frame_codec.h"

using namespace limpet;
using namespace limpet::websocket;
using limpet::fuzz::claim;
using testing::CountingScanner;

namespace {

using Bytes = std::span<const std::uint8_t>;

Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void claim_same(const CountingScanner& a, const CountingScanner& b) {
  claim(a->between_frames() == b->between_frames(), "the same frame boundary");
  claim(a->between_messages() == b->between_messages(), "the same message boundary");
  claim(a->payload_left() == b->payload_left(), "the same rest");
  claim(a->messages() == b->messages(), "the same messages");
  claim(a->close_seen() == b->close_seen(), "the same Close");
  claim(a->close_code() == b->close_code(), "the same code of it");
  claim(a->lost() == b->lost(), "the same loss");
  for (std::size_t i = 0; i < FrameTally::kOpcodes; ++i) {
    claim(a.tally().frames[i].get() == b.tally().frames[i].get(), "the same frames");
  }
  for (std::size_t i = 0; i < SizeTally::kBuckets; ++i) {
    claim(a.tally().sizes->counts[i].get() == b.tally().sizes->counts[i].get(), "the same sizes");
  }
}

void claim_codec_agrees(Bytes bytes) {
  CountingScanner scanner;
  while (!bytes.empty()) {
    const ParsedHeader parsed = parse_frame_header(bytes);
    if (parsed.step != HeaderStep::Complete) {
      return;
    }
    scanner.observe(bytes.first(parsed.header.header_bytes));
    bytes = bytes.subspan(parsed.header.header_bytes);
    claim(!scanner->lost(), "a valid header is followed");
    claim(scanner->payload_left() == parsed.header.length, "the same length");
    claim(scanner->between_frames() == (parsed.header.length == 0), "the same end of the header");
    const auto payload =
        static_cast<std::size_t>(std::min<std::uint64_t>(parsed.header.length, bytes.size()));
    scanner.observe(bytes.first(payload));
    bytes = bytes.subspan(payload);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::as_text(data, size);
  const std::uint8_t steer = fuzz::take_byte(input);
  CountingScanner whole;
  whole.observe(as_bytes(input));
  CountingScanner cut;
  for (fuzz::Pieces pieces(input, steer); !pieces.empty();) {
    cut.observe(as_bytes(pieces.next()));
  }
  claim_same(whole, cut);
  claim_codec_agrees(as_bytes(input));
  return 0;
}
