#include "net/proxy_protocol.h"

#include <string>
#include <vector>

#include "tests/net/proxy_headers.h"
#include "tests/support/catch.h"

using namespace limpet;
using namespace limpet::net;
using namespace limpet::test;
using namespace std::string_literals;

namespace {

using State = ProxyReading::State;
using Speaks = ProxyHeader::Speaks;

// Read byte by byte: nothing is known before the last one, and it is known then; whole, with something behind
// it, the same comes out.
ProxyReading read_in_every_way(const std::string& bytes) {
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const State state = read_proxy_header(std::string_view(bytes).substr(0, size)).state;
    CAPTURE(bytes, size);
    REQUIRE(state == State::NeedMore);
  }
  const ProxyReading whole = read_proxy_header(bytes);
  const ProxyReading followed = read_proxy_header(bytes + "GET / HTTP/1.1\r\n");
  CAPTURE(bytes, whole.fault);
  REQUIRE(whole.state == State::Complete);
  CHECK(whole.size == bytes.size());
  CHECK(followed.size == whole.size);
  CHECK(followed.header.ends == whole.header.ends);
  return whole;
}

std::string ends_in(const std::string& bytes) {
  const ProxyHeader header = read_in_every_way(bytes).header;
  REQUIRE(header.speaks == Speaks::ForClient);
  REQUIRE(header.ends.has_value());
  return header.ends->source.to_string() + " > " + header.ends->destination.to_string();
}

// Refused at some byte, and never anything else behind that.
std::string fault_in(const std::string& bytes) {
  bool was_refused = false;
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const ProxyReading reading = read_proxy_header(std::string_view(bytes).substr(0, size));
    CAPTURE(bytes, size);
    CHECK(reading.state != State::Complete);
    CHECK((!was_refused || reading.state == State::Malformed));
    was_refused = was_refused || reading.state == State::Malformed;
  }
  CHECK(was_refused);
  return read_proxy_header(bytes).fault;
}

SocketAddress address(std::string_view ip, std::uint16_t port) {
  return {IpAddress::parse(ip).value(), port};
}

std::string written(ProxyVersion version, const SocketAddress& source, const SocketAddress& destination) {
  std::string out;
  append_proxy_header(out, version, {source, destination});
  return out;
}

}  // namespace

TEST_CASE("a PROXY line names both ends of the client's connection") {
  CHECK(ends_in("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n") ==
        "192.168.0.1:56324 > 192.168.0.11:443");
  CHECK(ends_in("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n") ==
        "255.255.255.255:65535 > 255.255.255.255:65535");
  CHECK(ends_in("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n") == "0.0.0.0:0 > 0.0.0.0:0");
  CHECK(ends_in("PROXY TCP6 2001:db8::1 2001:DB8::2 1 65535\r\n") == "[2001:db8::1]:1 > [2001:db8::2]:65535");
  CHECK(ends_in("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
                "65535 65535\r\n") ==
        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535 > [ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

TEST_CASE("an IPv4 client in an IPv6 line is the IPv4 client") {
  CHECK(ends_in("PROXY TCP6 ::ffff:c000:201 ::ffff:c000:202 1 2\r\n") == "192.0.2.1:1 > 192.0.2.2:2");
  CHECK(ends_in("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2\r\n") == "192.0.2.1:1 > 192.0.2.2:2");
}

TEST_CASE("whatever follows UNKNOWN on its line is ignored") {
  const std::string longest = "PROXY UNKNOWN " + std::string(kMostProxyLine - 16, 'f') + "\r\n";
  REQUIRE(longest.size() == kMostProxyLine);
  for (const std::string& line : {"PROXY UNKNOWN\r\n"s, "PROXY UNKNOWN 1.2.3.4 5.6.7.8 1 2\r\n"s,
                                  "PROXY UNKNOWN \0\xff\r\n"s, longest}) {
    const ProxyHeader header = read_in_every_way(line).header;
    CHECK(header.speaks == Speaks::ForUnknown);
    CHECK_FALSE(header.ends.has_value());
  }
}

TEST_CASE("a PROXY line that is not exactly as specified is refused") {
  for (const std::string& line : {
           "GET / HTTP/1.1\r\n"s,
           "proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n"s,
           "PROXY  TCP4 1.2.3.4 5.6.7.8 1 2\r\n"s,
           "PROXY\tTCP4 1.2.3.4 5.6.7.8 1 2\r\n"s,
           "PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n"s,
           "PROXY TCP4 1.2.3.4 5.6.7.8 1  2\r\n"s,
           "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n"s,
           "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n"s,
           "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n"s,
           "PROXY TCP4\r\n"s,
           "PROXY TCP4 \r\n"s,
           "PROXY \r\n"s,
           "PROXY\r\n"s,
           "PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n"s,
           "PROXY tcp4 1.2.3.4 5.6.7.8 1 2\r\n"s,
           "PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n"s,
           "PROXY UNKNOWNX\r\n"s,
           "PROXY unknown\r\n"s,
           "PROXY TCP4 01.2.3.4 5.6.7.8 1 2\r\n"s,
           "PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n"s,
           "PROXY TCP4 1.2.3.256 5.6.7.8 1 2\r\n"s,
           "PROXY TCP4 1.2.3.4.5 5.6.7.8 1 2\r\n"s,
           "PROXY TCP4 ::1 ::2 1 2\r\n"s,
           "PROXY TCP4 ::ffff:1.2.3.4 5.6.7.8 1 2\r\n"s,
           "PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n"s,
           "PROXY TCP6 ::1 5.6.7.8 1 2\r\n"s,
           "PROXY TCP6 [::1] [::2] 1 2\r\n"s,
           "PROXY TCP6 ::1%lo ::2 1 2\r\n"s,
           "PROXY TCP6 1::2::3 ::2 1 2\r\n"s,
           "PROXY TCP6 ::12345 ::2 1 2\r\n"s,
           "PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n"s,
           "PROXY TCP4 1.2.3.4 5.6.7.8 1 99999\r\n"s,
           "PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n"s,
           "PROXY TCP4 1.2.3.4 5.6.7.8 00 2\r\n"s,
           "PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n"s,
           "PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n"s,
           "PROXY TCP4 1.2.3.4 5.6.7.8 0x1 2\r\n"s,
           "PROXY TCP4 1.2.3.4 5.6.7.8 a 2\r\n"s,
           "PROXY TCP4 1.2.3.4\0 5.6.7.8 1 2\r\n"s,
           "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n"s,
           "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\rX"s,
           "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\r\n"s,
           "PROXY UNKNOWN x\ny\r\n"s,
           "PROXY UNKNOWN x\ry\r\n"s,
           "PROXY UNKNOWN "s + std::string(kMostProxyLine - 15, 'f') + "\r\n",
           std::string(5000, 'P'),
           "\0"s,
           "\r\n\r\nGET / HTTP/1.1\r\n"s,
       }) {
    CHECK(std::string_view(fault_in(line)) != "");
  }
}

TEST_CASE("a binary header names both ends of the client's connection") {
  CHECK(ends_in(v2_header({.payload = kV4Ends})) == "192.0.2.1:4660 > 198.51.100.2:443");
  CHECK(ends_in(v2_header({.family = 0x21, .payload = kV6Ends})) == "[2001:db8::1]:4660 > [2001:db8::2]:443");
}

TEST_CASE("TLVs are skipped if their lengths add up") {
  for (const std::string& tlvs : {
           tlv(0x04, ""), tlv(0x05, std::string(128, 'u')),
           tlv(0x02, "chat.example.com") + tlv(0xea, "vpce-1") + tlv(0x04, std::string(3000, '\0')),
           tlv(0x20, ""),  // of a kind that is known, and too short to say anything
       }) {
    CHECK(ends_in(v2_header({.payload = kV4Ends + tlvs})) == "192.0.2.1:4660 > 198.51.100.2:443");
  }
  const std::string fits(kMostProxyPayload - kV4Ends.size() - 3, 'x');
  CHECK(ends_in(v2_header({.payload = kV4Ends + tlv(0xee, fits)})) == "192.0.2.1:4660 > 198.51.100.2:443");
}

TEST_CASE("a TLV tells that the client came over TLS") {
  const auto says = [](std::string_view flags) {
    return read_in_every_way(v2_header({.payload = kV4Ends + tlv(0x20, std::string(flags) + "\0\0\0\0"s +
                                                                           tlv(0x21, "TLSv1.3"))}))
        .header.used_tls;
  };
  CHECK(says("\x01"));
  CHECK(says("\x07"));
  CHECK_FALSE(says({"\0", 1}));
  CHECK_FALSE(says("\x06"));
  CHECK_FALSE(read_in_every_way(v2_header({.payload = kV4Ends})).header.used_tls);
}

TEST_CASE("LOCAL is the proxy's own connection whatever else the header says") {
  for (const V2& local : {
           V2{.command = 0x20, .family = 0},
           V2{.command = 0x20, .family = 0x11, .payload = kV4Ends},
           V2{.command = 0x20, .family = 0x11, .payload = "short"},
           V2{.command = 0x20, .family = 0xff, .payload = std::string(kMostProxyPayload, '\xff')},
       }) {
    const ProxyHeader header = read_in_every_way(v2_header(local)).header;
    CHECK(header.speaks == Speaks::ForItself);
    CHECK_FALSE(header.ends.has_value());
  }
}

TEST_CASE("families without an address of the client tell of none") {
  for (const V2& unknown : {
           V2{.family = 0x00},
           V2{.family = 0x00, .payload = "anything"},
           V2{.family = 0x12, .payload = kV4Ends},
           V2{.family = 0x22, .payload = kV6Ends + tlv(0x04, "")},
           V2{.family = 0x31, .payload = std::string(216, '/')},
           V2{.family = 0x32, .payload = std::string(216, '\0')},
       }) {
    const ProxyHeader header = read_in_every_way(v2_header(unknown)).header;
    CHECK(header.speaks == Speaks::ForUnknown);
    CHECK_FALSE(header.ends.has_value());
  }
}

TEST_CASE("a binary header that is not exactly as specified is refused") {
  for (const V2& broken : {
           V2{.command = 0x11, .payload = kV4Ends},
           V2{.command = 0x31, .payload = kV4Ends},
           V2{.command = 0x22, .payload = kV4Ends},
           V2{.command = 0x2f, .payload = kV4Ends},
           V2{.family = 0x10, .payload = kV4Ends},
           V2{.family = 0x01, .payload = kV4Ends},
           V2{.family = 0x13, .payload = kV4Ends},
           V2{.family = 0x41, .payload = kV4Ends},
           V2{.family = 0x11, .payload = kV4Ends.substr(1)},
           V2{.family = 0x11, .payload = ""},
           V2{.family = 0x21, .payload = kV6Ends.substr(1)},
           V2{.family = 0x12, .payload = "short"},
           V2{.family = 0x31, .payload = std::string(215, '/')},
           V2{.payload = kV4Ends + "\x04"},
           V2{.payload = kV4Ends + "\x04\x00"s},
           V2{.payload = kV4Ends + "\x04\x00\x01"s},
           V2{.payload = kV4Ends + tlv(0x04, "x") + "\x04\xff\xffx"s},
           V2{.payload = kV4Ends + std::string(kMostProxyPayload, '\0')},
           V2{.payload = std::string(65535, 'x')},
       }) {
    CHECK(fault_in(v2_header(broken)) != "");
  }
  std::string wrong_signature = v2_header({.payload = kV4Ends});
  wrong_signature[11] = '\r';
  CHECK(fault_in(wrong_signature) != "");
}

TEST_CASE("a header that is too long is refused by its length, not awaited") {
  const std::string begin =
      v2_header({.payload = std::string(kMostProxyPayload + 1, 'x')}).substr(0, kProxyV2Fixed);
  CHECK(read_proxy_header(begin).state == State::Malformed);
  CHECK(read_proxy_header(begin.substr(0, kProxyV2Fixed - 1)).state == State::NeedMore);
}

TEST_CASE("CRC32c is that of RFC 3720") {
  CHECK(crc32c("") == 0);
  CHECK(crc32c("123456789") == 0xe3069283);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aa);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43);
  CHECK(crc32c("56789", crc32c("1234")) == 0xe3069283);
}

TEST_CASE("a checksum must be right") {
  const std::string right = with_checksum(kV4Ends);
  CHECK(ends_in(right) == "192.0.2.1:4660 > 198.51.100.2:443");
  for (std::size_t at = 16; at < right.size(); ++at) {
    std::string flipped = right;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    CAPTURE(at);
    const ProxyReading reading = read_proxy_header(flipped);
    // The type of the TLV itself: then it is another one, which says nothing.
    CHECK((reading.state == State::Malformed) == (at != 16 + kV4Ends.size()));
  }
  CHECK(fault_in(v2_header({.payload = kV4Ends + tlv(0x03, "abc")})) ==
        "the checksum of the PROXY header is wrong");
}

TEST_CASE("what is written is what the specification shows") {
  const SocketAddress source = address("192.168.0.1", 56324);
  const SocketAddress destination = address("192.168.0.11", 443);
  CHECK(written(ProxyVersion::V1, source, destination) ==
        "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n");
  CHECK(written(ProxyVersion::V2, address("192.0.2.1", 0x1234), address("198.51.100.2", 443)) ==
        v2_header({.payload = kV4Ends}));
  CHECK(written(ProxyVersion::V2, address("2001:db8::1", 0x1234), address("2001:db8::2", 443)) ==
        v2_header({.family = 0x21, .payload = kV6Ends}));
}

TEST_CASE("what is written is read as it was meant") {
  const std::vector<SocketAddress> ends{
      address("192.0.2.1", 1), address("0.0.0.0", 0),       address("2001:db8::1", 65535), address("::", 0),
      address("::102:304", 2), address("fe80::1:0:0:1", 3), address("255.255.255.255", 99)};
  for (const ProxyVersion version : {ProxyVersion::V1, ProxyVersion::V2}) {
    for (const SocketAddress& source : ends) {
      for (const SocketAddress& destination : ends) {
        const std::string bytes = written(version, source, destination);
        CHECK(ends_in(bytes) == source.to_string() + " > " + destination.to_string());
        CHECK((version == ProxyVersion::V2 || bytes.size() <= kMostProxyLine));
      }
    }
  }
}

TEST_CASE("a line of version 1 spells IPv6 addresses without dots") {
  CHECK(written(ProxyVersion::V1, address("192.0.2.1", 1), address("::1", 2)) ==
        "PROXY TCP6 0:0:0:0:0:ffff:c000:201 0:0:0:0:0:0:0:1 1 2\r\n");
  CHECK(written(ProxyVersion::V1, address("::102:304", 1), address("::1", 2)).find('.') == std::string::npos);
}

TEST_CASE("a client without an address is told as one, and limpet's own connections as such") {
  const SocketAddress unnamed = SocketAddress::unix_path("");
  const SocketAddress listener = SocketAddress::unix_path("/run/limpet.sock");
  std::string own;
  append_own_proxy_header(own, ProxyVersion::V1);
  CHECK(own == "PROXY UNKNOWN\r\n");
  CHECK(written(ProxyVersion::V1, unnamed, listener) == own);
  own.clear();
  append_own_proxy_header(own, ProxyVersion::V2);
  CHECK(own == v2_header({.command = 0x20, .family = 0}));
  CHECK(written(ProxyVersion::V2, unnamed, listener) == v2_header({.family = 0}));
  CHECK(written(ProxyVersion::V1, address("192.0.2.1", 0), listener) ==
        "PROXY TCP4 192.0.2.1 0.0.0.0 0 0\r\n");
  CHECK(ends_in(written(ProxyVersion::V2, address("2001:db8::1", 0), listener)) ==
        "[2001:db8::1]:0 > [::]:0");
}
