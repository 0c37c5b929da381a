// The numbers and words of the PROXY protocol (haproxy.org, doc/proxy-protocol.txt 2.1, 2.2), for its reader
// and its writer alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace limpet::net::proxy_format {

inline constexpr std::string_view kV1Begin = "PROXY ";
inline constexpr std::string_view kTcp4 = "TCP4";
inline constexpr std::string_view kTcp6 = "TCP6";
inline constexpr std::string_view kUnknown = "UNKNOWN";
inline constexpr std::string_view kLineEnd = "\r\n";

inline constexpr std::string_view kV2Signature{"\r\n\r\n\0\r\nQUIT\n", 12};
// Behind the signature: version and command in one byte, family, length.
inline constexpr std::size_t kCommandAt = 12;
inline constexpr std::size_t kFamilyAt = 13;
inline constexpr std::size_t kLengthAt = 14;
inline constexpr std::uint8_t kVersion2 = 0x20;
inline constexpr std::uint8_t kLowHalf = 0x0f;
inline constexpr std::uint8_t kLocal = 0x0;
inline constexpr std::uint8_t kProxied = 0x1;

inline constexpr std::size_t kV4Bytes = 4;
inline constexpr std::size_t kV6Bytes = 16;
inline constexpr std::size_t kPortBytes = 2;
inline constexpr std::size_t kUnixBytes = 108;

inline constexpr std::uint8_t kUnspecified = 0x00;
inline constexpr std::uint8_t kTcpOverV4 = 0x11;
inline constexpr std::uint8_t kTcpOverV6 = 0x21;

struct FamilyRow {
  std::uint8_t family;
  std::size_t address_bytes;
  bool is_told;  // as an address of the client; of the others the specification lets a receiver know nothing
};
inline constexpr std::array<FamilyRow, 7> kFamilies{{
    {kUnspecified, 0, false},
    {kTcpOverV4, 2 * (kV4Bytes + kPortBytes), true},
    {0x12, 2 * (kV4Bytes + kPortBytes), false},  // UDP
    {kTcpOverV6, 2 * (kV6Bytes + kPortBytes), true},
    {0x22, 2 * (kV6Bytes + kPortBytes), false},  // UDP
    {0x31, 2 * kUnixBytes, false},               // a Unix stream
    {0x32, 2 * kUnixBytes, false},               // a Unix datagram
}};

inline constexpr std::size_t kTlvFixed = 3;  // type and length
inline constexpr std::uint8_t kTlvChecksum = 0x03;
inline constexpr std::size_t kChecksumBytes = 4;
inline constexpr std::uint8_t kTlvSsl = 0x20;
inline constexpr std::size_t kTlvSslFixed = 5;  // flags and the result of verification
inline constexpr std::uint8_t kClientUsedTls = 0x01;

}  // namespace limpet::net::proxy_format
