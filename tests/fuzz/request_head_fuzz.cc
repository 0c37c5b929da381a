// A request head: its end does not depend on how it is cut, and what is accepted is written as a head that
// reads the same.
#include <string>

#include "http/head_parser.h"
#include "http/head_writer.h"
#include "tests/fuzz/pieces.h"

using namespace limpet;
using namespace limpet::http;
using limpet::fuzz::claim;

namespace {

struct End {
  HeadEnd::Found found = HeadEnd::Found::NotYet;
  std::size_t size = 0;

  friend bool operator==(const End&, const End&) = default;
};

End whole_end(std::string_view input) {
  HeadEnd end;
  const auto found = end.look(input);
  return {found, end.size()};
}

End end_in_pieces(std::string_view input, std::uint64_t seed) {
  HeadEnd end;
  std::size_t shown = 0;
  for (fuzz::Pieces pieces(input, seed); !pieces.empty();) {
    shown += pieces.next().size();
    if (const auto found = end.look(input.substr(0, shown)); found != HeadEnd::Found::NotYet) {
      return {found, end.size()};
    }
  }
  return {};
}

void claim_safe(const RequestHead& head) {
  for (const Field& field : head.fields) {
    claim(!field.name.empty() && field.name.find_first_of(" \t\r\n:") == std::string_view::npos,
          "a name is a token");
    claim(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos,
          "a value is one line");
  }
  claim(head.target.find_first_of(" \t\r\n#") == std::string_view::npos, "a target is one word");
  claim(head.target == "*" || head.target.front() == '/', "a target is a path");
}

void claim_reads_the_same(const RequestHead& head, const RequestRewrite& rewrite) {
  std::string out;
  append_request_head(out, head, rewrite);
  RequestHead again;
  const auto refusal = parse_request(out, {.bytes = out.size(), .fields = head.fields.size() + 16}, again);
  // A request of HTTP/1.0 without Host gets an empty one, which is valid for others and not for us.
  if (head.host.empty()) {
    return;
  }
  claim(!refusal.has_value(), "what is written is accepted");
  claim(again.method == head.method && again.target == head.target && again.host == head.host,
        "the same request");
  claim(again.body.framing == head.body.framing && again.body.length == head.body.length, "the same body");
  claim(again.asks_upgrade == rewrite.upgrade, "an upgrade is asked for when it is meant");
  claim(again.fields.count("X-Forwarded-For") == 1, "one list of hops");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::as_text(data, size);
  const std::uint8_t steer = fuzz::take_byte(input);
  claim(whole_end(input) == end_in_pieces(input, steer),
        "the end of a head does not depend on how it is cut");
  RequestHead head;
  if (parse_request(input, {}, head).has_value()) {
    return 0;
  }
  claim(whole_end(input) == End{HeadEnd::Found::Complete, input.size()},
        "what is accepted is one whole head");
  claim_safe(head);
  claim_reads_the_same(
      head, {.forwarded = {.client = "1.2.3.4", .proto = "https", .peer_is_trusted = (steer & 1U) != 0},
             .strip_cookie = "limpet",
             .upgrade = (steer & 2U) != 0});
  return 0;
}
