// X-Forwarded-For: the answer is the peer, or an address that stands in the list; nothing left of an address
// that is not trusted changes it.
#include <array>
#include <string>

#include "http/forwarded.h"
#include "tests/fuzz/pieces.h"

using namespace limpet;
using namespace limpet::http;
using limpet::fuzz::claim;

namespace {

IpAddress client_of(const IpAddress& peer, std::string_view list) {
  static const std::array<IpNetwork, 2> trusted{IpNetwork::parse("10.0.0.0/8").value(),
                                                IpNetwork::parse("fd00::/8").value()};
  Fields fields;
  fields.add({"X-Forwarded-For", list});
  return client_address(peer, fields, trusted);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string list(fuzz::as_text(data, size));
  static const IpAddress proxy = IpAddress::parse("10.0.0.1").value();
  static const IpAddress hop = IpAddress::parse("10.0.0.9").value();
  static const IpAddress stranger = IpAddress::parse("192.0.2.1").value();
  claim(client_of(stranger, list) == stranger, "a stranger is the client");
  claim(client_of(proxy, list + ", 192.0.2.1") == stranger, "nothing left of a stranger counts");
  claim(client_of(proxy, list + ", 10.0.0.9") == client_of(hop, list), "a trusted hop stands for the peer");
  const IpAddress client = client_of(proxy, list);
  claim(client_of(proxy, client.to_string()) == client, "an answer is an address");
  return 0;
}
