// A response head: what is accepted is written as a head that reads the same, and its body ends at the same
// byte.
#include <string>

#include "http/framing.h"
#include "http/head_parser.h"
#include "http/head_writer.h"
#include "tests/fuzz/pieces.h"

using namespace limpet;
using namespace limpet::http;
using limpet::fuzz::claim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::as_text(data, size);
  const std::uint8_t steer = fuzz::take_byte(input);
  const ResponseContext context{.to_head_request = (steer & 1U) != 0};
  ResponseHead head;
  if (const auto refusal = parse_response(input, {}, context, head)) {
    claim(refusal->reason == CloseReason::BadAnswer, "a bad answer is the backend's");
    return 0;
  }
  claim(head.status >= 100 && head.status <= 599, "a status of three digits");
  const auto connection = static_cast<ClientConnectionField>((steer >> 1U) % 3);
  std::string out;
  append_response_head(out, head,
                       {.connection = connection, .framing = head.body.framing, .set_cookie = "limpet=x"});
  ResponseHead again;
  const auto refusal =
      parse_response(out, {.bytes = out.size(), .fields = head.fields.size() + 8}, context, again);
  claim(!refusal.has_value(), "what is written is accepted");
  claim(again.status == head.status && again.reason == head.reason, "the same answer");
  claim(again.body.framing == head.body.framing && again.body.length == head.body.length, "the same body");
  claim(again.fields.count("Set-Cookie") == head.fields.count("Set-Cookie") + 1, "no cookie is lost");
  claim(again.fields.count("Connection") <= 1, "one Connection field");
  return 0;
}
