// The PROXY header: however it is cut, the answer is the same; what was refused or complete stays so; it is
// bounded; and what was read is read again from what the writer makes of it.
#include <string>

#include "net/proxy_protocol.h"
#include "tests/fuzz/pieces.h"

using namespace limpet;
using namespace limpet::net;
using limpet::fuzz::claim;

namespace {

using State = ProxyReading::State;

bool is_same(const ProxyReading& a, const ProxyReading& b) {
  return a.state == b.state && a.size == b.size && a.header.speaks == b.header.speaks &&
         a.header.ends == b.header.ends && a.header.used_tls == b.header.used_tls;
}

void check_written(const ProxyEnds& ends) {
  for (const ProxyVersion version : {ProxyVersion::V1, ProxyVersion::V2}) {
    std::string bytes;
    append_proxy_header(bytes, version, ends);
    const ProxyReading again = read_proxy_header(bytes + "GET");
    claim(again.state == State::Complete && again.size == bytes.size(), "what is written is whole");
    claim(again.header.ends == ends, "what is written is what was read");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::as_text(data, size);
  const ProxyReading whole = read_proxy_header(input);
  if (whole.state == State::NeedMore) {
    claim(size < kMostProxyHeader, "what is awaited is bounded");
  } else if (whole.state == State::Complete) {
    claim(whole.size > 0 && whole.size <= size && whole.size <= kMostProxyHeader,
          "a header lies in what came");
    claim(whole.header.ends.has_value() == (whole.header.speaks == ProxyHeader::Speaks::ForClient),
          "a client has an address");
  } else {
    claim(*whole.fault != '\0', "a refusal says why");
  }
  fuzz::Pieces pieces(input, size);
  std::string so_far;
  while (!pieces.empty()) {
    so_far += pieces.next();
    const ProxyReading reading = read_proxy_header(so_far);
    if (reading.state != State::NeedMore) {
      claim(is_same(reading, whole), "what is decided stays so");
    }
  }
  if (whole.header.ends) {
    check_written(*whole.header.ends);
  }
  return 0;
}
