// PROXY headers of version 2, written by hand for tests: nothing of the writer under test is used.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/proxy_protocol.h"

namespace limpet::test {

// 192.0.2.1:4660 to 198.51.100.2:443, and the same with 2001:db8::1 and ::2.
inline const std::string kV4Ends("\xc0\x00\x02\x01\xc6\x33\x64\x02\x12\x34\x01\xbb", 12);
inline const std::string kV6Ends(
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\x12\x34\x01\xbb",
    36);

struct V2 {
  std::uint8_t command = 0x21;  // with the version
  std::uint8_t family = 0x11;
  std::string payload{};
};

inline std::string two_bytes(std::size_t number) {
  return {static_cast<char>(number >> 8U), static_cast<char>(number & 0xffU)};
}

inline std::string v2_header(const V2& header) {
  return std::string("\r\n\r\n\0\r\nQUIT\n", 12) + static_cast<char>(header.command) +
         static_cast<char>(header.family) + two_bytes(header.payload.size()) + header.payload;
}

inline std::string tlv(std::uint8_t type, std::string_view value) {
  return static_cast<char>(type) + two_bytes(value.size()) + std::string(value);
}

// TCP over IPv4 with a checksum TLV at the end.
inline std::string with_checksum(const std::string& ends) {
  std::string header = v2_header({.payload = ends + tlv(0x03, std::string(4, '\0'))});
  const std::uint32_t sum = net::crc32c(header);
  header.replace(header.size() - 4, 4, two_bytes(sum >> 16U) + two_bytes(sum & 0xffffU));
  return header;
}

}  // namespace limpet::test
