// Reading; writing is proxy_protocol_writer.cc.

#include "net/proxy_protocol.h"

#include <algorithm>
#include <array>

#include "base/number.h"
#include "base/text.h"
#include "net/proxy_protocol_format.h"

namespace limpet::net {

namespace {

using namespace proxy_format;
using State = ProxyReading::State;
using Speaks = ProxyHeader::Speaks;

ProxyReading malformed(const char* fault) {
  return {.state = State::Malformed, .size = 0, .header = {}, .fault = fault};
}

ProxyReading complete(std::size_t size, const ProxyHeader& header) {
  return {.state = State::Complete, .size = size, .header = header};
}

// Equal as far as the shorter one goes.
bool agrees(std::string_view bytes, std::string_view expected) noexcept {
  const std::size_t common = std::min(bytes.size(), expected.size());
  return bytes.substr(0, common) == expected.substr(0, common);
}

// --- version 1

// Decimal, without zeros in front.
std::optional<std::uint16_t> read_port(std::string_view text) noexcept {
  const bool has_leading_zero = text.size() > 1 && text.front() == '0';
  return has_leading_zero ? std::nullopt : whole_number<std::uint16_t>(text);
}

// The specification knows hexadecimal groups alone for IPv6, but senders whose socket takes both families
// spell their IPv4 clients ::ffff:192.0.2.1, as the system does.
std::optional<IpAddress> read_address(std::string_view text, bool is_v6) {
  const bool has_colon = text.find(':') != std::string_view::npos;
  return has_colon == is_v6 ? IpAddress::parse(text) : std::nullopt;
}

ProxyReading read_ends(std::string_view rest, bool is_v6, std::size_t size) {
  // Each word is followed by one space, but for the last; a further space makes a port of what is none.
  const auto source = read_address(take_until(rest, ' '), is_v6);
  const auto destination = read_address(take_until(rest, ' '), is_v6);
  const auto source_port = read_port(take_until(rest, ' '));
  const auto destination_port = read_port(rest);
  if (!source || !destination) {
    return malformed("an address of the PROXY line is not of its family");
  }
  if (!source_port || !destination_port) {
    return malformed("the PROXY line does not end with two ports");
  }
  return complete(size, {.speaks = Speaks::ForClient,
                         .ends = ProxyEnds{SocketAddress(*source, *source_port),
                                           SocketAddress(*destination, *destination_port)}});
}

// `line` stands between "PROXY " and CR LF.
ProxyReading read_line(std::string_view line, std::size_t size) {
  const std::string_view family = line.substr(0, line.find(' '));
  if (family == kUnknown) {
    return complete(size, {.speaks = Speaks::ForUnknown, .ends = std::nullopt});  // the rest is to be ignored
  }
  if ((family != kTcp4 && family != kTcp6) || family.size() == line.size()) {
    return malformed("the PROXY line names no family of addresses");
  }
  return read_ends(line.substr(family.size() + 1), family == kTcp6, size);
}

ProxyReading read_v1(std::string_view bytes) {
  const std::string_view within = bytes.substr(0, kMostProxyLine);
  const std::size_t end = within.find_first_of("\r\n");
  if (end == std::string_view::npos || end + 1 == within.size()) {
    const bool is_lone = end != std::string_view::npos && within[end] == '\n';
    if (is_lone || within.size() == kMostProxyLine) {
      return malformed(is_lone ? "the PROXY line does not end with CR LF" : "the PROXY line is too long");
    }
    return {};
  }
  if (within.substr(end, kLineEnd.size()) != kLineEnd) {
    return malformed("the PROXY line does not end with CR LF");
  }
  return read_line(within.substr(kV1Begin.size(), end - std::min(end, kV1Begin.size())),
                   end + kLineEnd.size());
}

// --- version 2

std::uint16_t number_at(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[at]) << 8U |
                                    static_cast<unsigned char>(bytes[at + 1]));
}

template <std::size_t Size>
std::array<std::uint8_t, Size> bytes_at(std::string_view bytes, std::size_t at) noexcept {
  std::array<std::uint8_t, Size> copied{};
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), Size, copied.begin());
  return copied;
}

// Both addresses, then both ports.
ProxyEnds ends_of(std::string_view payload, std::uint8_t family) {
  const bool is_v4 = family == kTcpOverV4;
  const std::size_t each = is_v4 ? kV4Bytes : kV6Bytes;
  const auto ip_at = [&](std::size_t at) {
    return is_v4 ? IpAddress::from_v4(bytes_at<kV4Bytes>(payload, at))
                 : IpAddress::from_v6(bytes_at<kV6Bytes>(payload, at));
  };
  return {SocketAddress(ip_at(0), number_at(payload, 2 * each)),
          SocketAddress(ip_at(each), number_at(payload, 2 * each + kPortBytes))};
}

// The checksum is that of the header with zeros in the place of the checksum.
bool is_checksum_right(std::string_view header, std::size_t at) noexcept {
  constexpr std::string_view kZeros("\0\0\0\0", kChecksumBytes);
  std::uint32_t told = 0;
  for (std::size_t i = 0; i < kChecksumBytes; ++i) {
    told = told << 8U | static_cast<unsigned char>(header[at + i]);
  }
  const std::uint32_t before = crc32c(kZeros, crc32c(header.substr(0, at)));
  return told == crc32c(header.substr(at + kChecksumBytes), before);
}

// Goes over the TLVs from `at` on to the end of `header`. Null when they are in order, else what is wrong.
const char* read_tlvs(std::string_view header, std::size_t at, ProxyHeader& told) {
  while (at < header.size()) {
    if (header.size() - at < kTlvFixed) {
      return "the TLVs of the PROXY header do not add up to its length";
    }
    const auto type = static_cast<std::uint8_t>(header[at]);
    const std::size_t length = number_at(header, at + 1);
    at += kTlvFixed;
    if (header.size() - at < length) {
      return "a TLV of the PROXY header is longer than the header";
    }
    if (type == kTlvChecksum && (length != kChecksumBytes || !is_checksum_right(header, at))) {
      return "the checksum of the PROXY header is wrong";
    }
    if (type == kTlvSsl && length >= kTlvSslFixed) {
      told.used_tls = (static_cast<std::uint8_t>(header[at]) & kClientUsedTls) != 0;
    }
    at += length;
  }
  return nullptr;
}

// `header` is whole.
ProxyReading read_payload(std::string_view header) {
  const auto command = static_cast<std::uint8_t>(header[kCommandAt]) & kLowHalf;
  const auto family = static_cast<std::uint8_t>(header[kFamilyAt]);
  if (command == kLocal) {
    return complete(header.size(), {.speaks = Speaks::ForItself, .ends = std::nullopt});
  }
  const auto row = std::find_if(kFamilies.begin(), kFamilies.end(),
                                [family](const FamilyRow& candidate) { return candidate.family == family; });
  if (row == kFamilies.end()) {
    return malformed("the PROXY header names no family of addresses");
  }
  if (header.size() - kProxyV2Fixed < row->address_bytes) {
    return malformed("the PROXY header is too short for its addresses");
  }
  ProxyHeader told;
  if (family == kUnspecified) {
    return complete(header.size(), told);
  }
  if (const char* fault = read_tlvs(header, kProxyV2Fixed + row->address_bytes, told); fault != nullptr) {
    return malformed(fault);
  }
  if (row->is_told) {
    told.speaks = Speaks::ForClient;
    told.ends = ends_of(header.substr(kProxyV2Fixed), family);
  }
  return complete(header.size(), told);
}

ProxyReading read_v2(std::string_view bytes) {
  if (bytes.size() > kCommandAt) {
    const auto version_and_command = static_cast<std::uint8_t>(bytes[kCommandAt]);
    if (version_and_command != (kVersion2 | kLocal) && version_and_command != (kVersion2 | kProxied)) {
      return malformed("the PROXY header is of an unknown version or command");
    }
  }
  if (bytes.size() < kProxyV2Fixed) {
    return {};
  }
  const std::size_t length = number_at(bytes, kLengthAt);
  if (length > kMostProxyPayload) {
    return malformed("the PROXY header is longer than 4096 bytes");
  }
  const std::size_t size = kProxyV2Fixed + length;
  return bytes.size() < size ? ProxyReading{} : read_payload(bytes.substr(0, size));
}

constexpr std::array<std::uint32_t, 256> checksum_table() noexcept {
  constexpr std::uint32_t kReversedPolynomial = 0x82f63b78;
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t rest = i;
    for (int bit = 0; bit < 8; ++bit) {
      rest = rest >> 1U ^ ((rest & 1U) != 0 ? kReversedPolynomial : 0U);
    }
    table[i] = rest;
  }
  return table;
}

}  // namespace

ProxyReading read_proxy_header(std::string_view bytes) {
  if (agrees(bytes, kV1Begin)) {
    return read_v1(bytes);
  }
  return agrees(bytes, kV2Signature) ? read_v2(bytes)
                                     : malformed("the connection begins without a PROXY header");
}

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) noexcept {
  static constexpr std::array<std::uint32_t, 256> kTable = checksum_table();
  std::uint32_t rest = ~before;
  for (const char c : bytes) {
    rest = rest >> 8U ^ kTable[(rest ^ static_cast<unsigned char>(c)) & 0xffU];
  }
  return ~rest;
}

}  // namespace limpet::net
