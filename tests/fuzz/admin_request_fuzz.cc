// Requests to the admin endpoint: the same requests, bodies and refusal however the bytes are cut, and none
// that the rules of the endpoint forbid.
#include <string>
#include <vector>

#include "admin/request_reader.h"
#include "tests/fuzz/pieces.h"

using namespace limpet;
using admin::RequestReader;
using limpet::fuzz::claim;

namespace {

constexpr const char* kToken = "a-token-of-the-test";

std::string text_of(const RequestReader& reader) {
  const http::RequestHead& head = reader.request();
  std::string text;
  text.append(head.method).append(" ").append(head.target).append(" ").append(head.host);
  text.append(reader.keeps_alive() ? " and on " : " and no more ").append(reader.body());
  return text;
}

void claim_allowed(const RequestReader& reader) {
  const http::RequestHead& head = reader.request();
  const http::Field* const type = head.fields.find("Content-Type");
  claim(reader.body().empty() || type != nullptr, "a body has a type");
  claim(reader.body().size() <= RequestReader::kMostBodyBytes, "a body is bounded");
}

// Takes what there is; false when nothing further may be read.
bool take_requests(RequestReader& reader, std::vector<std::string>& read) {
  while (true) {
    switch (reader.next()) {
      case RequestReader::Step::NeedMore:
        return true;
      case RequestReader::Step::AwaitsGo:
        break;
      case RequestReader::Step::Complete:
        claim_allowed(reader);
        read.push_back(text_of(reader));
        break;
      case RequestReader::Step::Refused:
        claim(reader.refusal().status >= 400 && !reader.refusal().word.empty(), "a refusal says why");
        read.push_back(reader.refusal().word + ": " + reader.refusal().detail);
        return false;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::as_text(data, size);
  const std::uint8_t steer = fuzz::take_byte(input);
  const admin::Access access{.bound = SocketAddress(IpAddress::from_v4({127, 0, 0, 1}), 9900),
                             .token = steer % 2 == 0 ? "" : kToken};
  std::vector<std::string> read_whole;
  RequestReader whole(access);
  whole.add(input);
  const bool whole_goes_on = take_requests(whole, read_whole);

  std::vector<std::string> read_cut;
  RequestReader cut(access);
  bool cut_goes_on = true;
  for (fuzz::Pieces pieces(input, steer); cut_goes_on && !pieces.empty();) {
    cut.add(pieces.next());
    cut_goes_on = take_requests(cut, read_cut);
  }
  claim(read_whole == read_cut, "requests do not depend on how they are cut");
  claim(whole_goes_on == cut_goes_on && whole.is_idle() == cut.is_idle(), "nor does what may follow");
  return 0;
}
