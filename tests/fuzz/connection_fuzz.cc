// The whole connection state machine over memory: clients and backends that send, stop, finish and cut in any
// order and in any pieces, while time passes. Its claims are those of tests/simulation/script.h.
#include <algorithm>
#include <string>

#include "tests/fuzz/pieces.h"
#include "tests/simulation/script.h"

using namespace limpet;
using limpet::fuzz::claim;
using limpet::fuzz::take_byte;

namespace {

// Bytes of the input that steer beyond the events.
enum Step : std::uint8_t {
  kClientSendsRaw = test::kEventCount,
  kBackendSendsRaw,
  kClientConnects,
  kChooseClient,
  kChooseBackend,
  kClientReadsInPieces,
  kBackendReadsInPieces,
  kClientTakesSome,
  kBackendTakesSome,
  kSteps,
};

constexpr std::size_t kMostClients = 4;

std::string_view take_raw(std::string_view& input) {
  const std::size_t length = take_byte(input);
  const std::string_view raw = input.substr(0, length);
  input.remove_prefix(raw.size());
  return raw;
}

void take_some(test::MemoryPipe* pipe, std::uint8_t bytes) {
  if (pipe != nullptr) {
    pipe->room = bytes;
  }
}

void read_in_pieces(test::MemoryPipe* pipe, std::uint8_t most) {
  if (pipe != nullptr) {
    pipe->most_a_read = most == 0 ? test::MemoryPipe::kUnlimited : most;
  }
}

void step(test::Script& script, std::size_t& clients, std::uint8_t what, std::string_view& input) {
  switch (what) {
    case kClientSendsRaw:
      static_cast<void>(script.client_sends(take_raw(input)));
      return;
    case kBackendSendsRaw:
      static_cast<void>(script.backend_sends(take_raw(input)));
      return;
    case kClientConnects:
      if (clients < kMostClients) {
        script.connect_client();
        ++clients;
      }
      return;
    case kChooseClient:
      script.choose_client(take_byte(input));
      return;
    case kChooseBackend:
      script.choose_backend(take_byte(input));
      return;
    case kClientReadsInPieces:
      read_in_pieces(script.client(), take_byte(input));
      return;
    case kBackendReadsInPieces:
      read_in_pieces(script.backend(), take_byte(input));
      return;
    case kClientTakesSome:
      take_some(script.client(), take_byte(input));
      return;
    case kBackendTakesSome:
      take_some(script.backend(), take_byte(input));
      return;
    default:
      static_cast<void>(script.apply(static_cast<test::Event>(what)));
      return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::as_text(data, size);
  test::Script script({}, 1 + take_byte(input) % 2);
  std::size_t clients = 1;
  while (!input.empty()) {
    step(script, clients, take_byte(input) % kSteps, input);
    const std::string fault = script.fault();
    claim(fault.empty(), fault.c_str());
  }
  const std::string fault = script.fault_at_the_end();
  claim(fault.empty(), fault.c_str());
  return 0;
}
