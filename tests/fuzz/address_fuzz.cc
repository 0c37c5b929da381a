// Addresses, networks and endpoints: what is taken is written as text that means the same, and reaches the
// kernel and comes back unchanged.
#include <string>

#include "base/address.h"
#include "tests/fuzz/pieces.h"

using namespace limpet;
using limpet::fuzz::claim;

namespace {

constexpr unsigned kBitsOfV4 = 32;
constexpr unsigned kBitsOfV6 = 128;

void check_socket_address(const SocketAddress& address) {
  sockaddr_storage native{};
  const socklen_t length = address.to_native(native);
  claim(SocketAddress::from_native(native, length) == address, "the kernel gives back what it was given");
}

void check_ip(std::string_view text) {
  const auto ip = IpAddress::parse(text);
  if (!ip) {
    return;
  }
  claim(IpAddress::parse(ip->to_string()) == ip, "an address is written as what it is");
  const unsigned bits = ip->is_v4() ? kBitsOfV4 : kBitsOfV6;
  claim(ip->masked(bits) == *ip, "all bits are the address");
  claim(ip->masked(0).is_v4() == ip->is_v4(), "a mask does not change the family");
  claim(IpNetwork::parse(text) == IpNetwork{*ip, bits}, "an address is a network of its own");
  check_socket_address({*ip, 1});
}

void check_network(std::string_view text) {
  const auto network = IpNetwork::parse(text);
  if (!network) {
    return;
  }
  claim(IpNetwork::parse(network->to_string()) == network, "a network is written as what it is");
  claim(network->contains(network->base), "a network contains its base");
  claim(network->base.masked(network->bits) == network->base, "a base has no bits behind its prefix");
}

void check_endpoint(std::string_view text) {
  const auto endpoint = Endpoint::parse(text);
  if (!endpoint.ok()) {
    return;
  }
  const auto again = Endpoint::parse(endpoint.value().to_string());
  claim(again.ok() && again.value() == endpoint.value(), "an endpoint is written as what it is");
  claim(endpoint.value().is_unix() == endpoint.value().host.empty(), "either a host or a path");
  if (const auto literal = endpoint.value().literal()) {
    check_socket_address(*literal);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  check_ip(text);
  check_network(text);
  check_endpoint(text);
  return 0;
}
