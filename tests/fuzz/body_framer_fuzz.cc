// A body: the same data, end, trailers and fault however it is cut.
#include <array>
#include <string>

#include "http/body_framer.h"
#include "tests/fuzz/pieces.h"

using namespace limpet;
using namespace limpet::http;
using limpet::fuzz::claim;
using Step = BodyFramer::Step;

namespace {

struct Body {
  Step step = Step::NeedMore;
  std::string data;
  std::size_t consumed = 0;
  std::string trailers;
  std::string_view fault;

  friend bool operator==(const Body&, const Body&) = default;
};

void feed(BodyFramer& framer, std::string_view piece, Body& body) {
  do {
    const BodyFramer::Piece next = framer.next(piece);
    claim(next.consumed <= piece.size() && next.data.size() <= next.consumed, "no byte too many is consumed");
    claim((next.step == Step::Data) == !next.data.empty(), "data comes with Data alone");
    claim(next.step != Step::NeedMore || next.consumed == piece.size(),
          "NeedMore means that all was used up");
    piece.remove_prefix(next.consumed);
    body.consumed += next.consumed;
    body.data += next.data;
    body.step = next.step;
  } while (body.step == Step::Data);
}

Body finish(const BodyFramer& framer, Body body) {
  body.trailers = framer.trailers();
  body.fault = framer.fault();
  claim((body.step == Step::Malformed) == !body.fault.empty(), "a fault comes with Malformed alone");
  return body;
}

Body read_whole(BodyPlan plan, std::string_view input) {
  BodyFramer framer(plan);
  Body body;
  feed(framer, input, body);
  return finish(framer, body);
}

Body read_in_pieces(BodyPlan plan, std::string_view input, std::uint64_t seed) {
  BodyFramer framer(plan);
  Body body;
  feed(framer, {}, body);
  for (fuzz::Pieces pieces(input, seed); !pieces.empty() && body.step == Step::NeedMore;) {
    feed(framer, pieces.next(), body);
  }
  return finish(framer, body);
}

// What was read is written again as chunks and read back.
void claim_round_trip(const Body& body) {
  std::string out;
  if (!body.data.empty()) {
    append_chunk(out, body.data);
  }
  append_last_chunk(out, body.trailers);
  const Body again = read_whole({.framing = Framing::Chunked}, out);
  claim(again.step == Step::Done && again.data == body.data && again.trailers == body.trailers,
        "it reads the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::as_text(data, size);
  const std::uint8_t steer = fuzz::take_byte(input);
  // Most of what there is to find is in chunks.
  constexpr std::array kFramings{Framing::Chunked, Framing::Chunked, Framing::Chunked, Framing::Chunked,
                                 Framing::Chunked, Framing::Length,  Framing::None,    Framing::UntilClose};
  const BodyPlan plan{.framing = kFramings[steer % kFramings.size()], .length = steer};
  const Body whole = read_whole(plan, input);
  claim(whole == read_in_pieces(plan, input, steer), "a body does not depend on how it is cut");
  if (whole.step == Step::Done) {
    claim_round_trip(whole);
  }
  return 0;
}
