// What another process says during an upgrade: anything. What is understood is said again in the same bytes.
#include <string>
#include <string_view>

#include "app/handover_message.h"
#include "tests/fuzz/pieces.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = limpet::fuzz::as_text(data, size);
  const auto message = limpet::app::decode_handover(input);
  if (message.ok()) {
    limpet::fuzz::claim(limpet::app::encode(*message) == input, "a message has one spelling");
  }
  return 0;
}
