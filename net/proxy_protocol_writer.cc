// Writing; reading is proxy_protocol.cc.

#include <array>
#include <charconv>

#include "base/assert.h"
#include "net/proxy_protocol.h"
#include "net/proxy_protocol_format.h"

namespace limpet::net {

namespace {

using namespace proxy_format;

void append_byte(std::string& out, unsigned value) {
  out.push_back(static_cast<char>(static_cast<std::uint8_t>(value)));
}

void append_number(std::string& out, std::size_t value) {
  append_byte(out, static_cast<unsigned>(value >> 8U));
  append_byte(out, static_cast<unsigned>(value & 0xffU));
}

void append_bytes(std::string& out, const IpAddress& ip, bool as_v4) {
  const auto& bytes = ip.bytes();
  out.append(bytes.begin() + (as_v4 ? kV6Bytes - kV4Bytes : 0), bytes.end());
}

// All eight groups, in hexadecimal: the shortest spelling may have a dotted end, which version 1 does not
// know.
void append_groups(std::string& out, const IpAddress& ip) {
  constexpr int kHexadecimal = 16;
  for (std::size_t i = 0; i < kV6Bytes; i += 2) {
    const unsigned group = unsigned{ip.bytes()[i]} << 8U | ip.bytes()[i + 1];
    std::array<char, 4> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), group, kHexadecimal).ptr;
    out.append(i == 0 ? "" : ":").append(digits.data(), end);
  }
}

void append_line(std::string& out, const ProxyEnds& ends, bool as_v4) {
  out.append(kV1Begin).append(as_v4 ? kTcp4 : kTcp6);
  for (const SocketAddress* end : {&ends.source, &ends.destination}) {
    out.push_back(' ');
    if (as_v4) {
      out.append(end->ip().to_string());
    } else {
      append_groups(out, end->ip());
    }
  }
  for (const SocketAddress* end : {&ends.source, &ends.destination}) {
    out.append(" ").append(std::to_string(end->port()));
  }
  out.append(kLineEnd);
}

void append_fixed(std::string& out, std::uint8_t command, std::uint8_t family, std::size_t length) {
  out.append(kV2Signature);
  append_byte(out, kVersion2 | command);
  append_byte(out, family);
  append_number(out, length);
}

void append_binary(std::string& out, const ProxyEnds& ends, bool as_v4) {
  append_fixed(out, kProxied, as_v4 ? kTcpOverV4 : kTcpOverV6,
               2 * ((as_v4 ? kV4Bytes : kV6Bytes) + kPortBytes));
  append_bytes(out, ends.source.ip(), as_v4);
  append_bytes(out, ends.destination.ip(), as_v4);
  append_number(out, ends.source.port());
  append_number(out, ends.destination.port());
}

void append_unknown(std::string& out) {
  out.append(kV1Begin).append(kUnknown).append(kLineEnd);
}

}  // namespace

void append_proxy_header(std::string& out, ProxyVersion version, const ProxyEnds& ends) {
  LIMPET_ASSERT(version != ProxyVersion::Off, "a header has a version");
  const bool is_text = version == ProxyVersion::V1;
  if (ends.source.is_unix()) {
    is_text ? append_unknown(out) : append_fixed(out, kProxied, kUnspecified, 0);
    return;
  }
  ProxyEnds told = ends;
  if (ends.destination.is_unix()) {
    const IpAddress none = ends.source.ip().is_v4() ? IpAddress::from_v4({}) : IpAddress();
    told.destination = SocketAddress(none, 0);
  }
  const bool as_v4 = told.source.ip().is_v4() && told.destination.ip().is_v4();
  is_text ? append_line(out, told, as_v4) : append_binary(out, told, as_v4);
}

void append_own_proxy_header(std::string& out, ProxyVersion version) {
  LIMPET_ASSERT(version != ProxyVersion::Off, "a header has a version");
  version == ProxyVersion::V1 ? append_unknown(out) : append_fixed(out, kLocal, kUnspecified, 0);
}

}  // namespace limpet::net
