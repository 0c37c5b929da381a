// Answers to health probes: the same verdict however they are cut, and no good one for a WebSocket without a
// switch and the Pong to its Ping.
//
// The random bytes of a probe are all 'r' here, so that an input can answer them: its seeds do.
#include <openssl/rand.h>

#include <algorithm>
#include <string>
#include <utility>

#include "healthcheck/dialogue.h"
#include "tests/fuzz/pieces.h"

using namespace limpet;
using healthcheck::DialogueStep;
using limpet::fuzz::claim;
using State = DialogueStep::State;

// Takes the place of libcrypto's.
extern "C" int RAND_bytes(unsigned char* out, int size) {
  std::fill_n(out, size, static_cast<unsigned char>('r'));
  return 1;
}

namespace {

constexpr std::string_view kSwitch = "101";
constexpr std::string_view kPing = "rrrrrrrr";

struct End {
  State state = State::Waiting;
  std::string detail;
};

template <typename NextPiece>
End play(bool by_websocket, NextPiece next_piece) {
  const settings::Health rule{.expect = {.low = 200, .high = 299}};
  const Endpoint endpoint{.host = "a", .port = 80, .path = {}};
  const auto dialogue = by_websocket ? healthcheck::make_websocket_dialogue(rule, endpoint)
                                     : healthcheck::make_http_dialogue(rule, endpoint);
  claim(!dialogue->opening().empty(), "a probe speaks first");
  End end;
  for (std::string_view piece = next_piece(); end.state == State::Waiting && !piece.empty();
       piece = next_piece()) {
    const DialogueStep step = dialogue->on_bytes(piece);
    end.state = step.state;
    end.detail = step.detail;
  }
  return end;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all = fuzz::as_text(data, size);
  std::string_view input = all;
  const std::uint8_t steer = fuzz::take_byte(input);
  const bool by_websocket = (steer & 1U) != 0;
  fuzz::Pieces pieces(input, steer);
  const End cut =
      play(by_websocket, [&pieces] { return pieces.empty() ? std::string_view{} : pieces.next(); });
  const End whole = play(by_websocket, [&input] { return std::exchange(input, std::string_view{}); });
  claim(whole.state == cut.state, "a verdict does not depend on how the answer is cut");
  claim((whole.state == State::Waiting) == whole.detail.empty(), "a verdict says why");
  claim(whole.state != State::Good || !by_websocket ||
            (all.find(kSwitch) != all.npos && all.find(kPing) != all.npos),
        "a WebSocket is good behind its switch and its Pong alone");
  return 0;
}
