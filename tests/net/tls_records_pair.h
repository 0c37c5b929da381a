// Two ends of a TLS 1.3 connection behind its handshake, without a handshake and without a socket.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/tls_records.h"

namespace limpet::test {

using Sealed = std::vector<std::uint8_t>;

inline constexpr std::uint16_t kAes128 = 0x1301;
inline constexpr std::uint16_t kAes256 = 0x1302;
inline constexpr std::uint16_t kChaCha = 0x1303;

// One end. The library of the other side would call our secret the client's.
struct RecordsEnd {
  RecordsEnd(bool is_server, std::uint16_t suite, std::uint64_t sealed_before = 0) {
    const std::size_t digits = suite == kAes256 ? 96 : 64;
    const std::string servers(digits, '5');
    const std::string clients(digits, 'c');
    records.note_secret("CLIENT_TRAFFIC_SECRET_0 00ff " + (is_server ? clients : servers));
    records.note_secret("SERVER_TRAFFIC_SECRET_0 00ff " + (is_server ? servers : clients));
    is_open = records.take_over(suite, sealed_before);
  }

  [[nodiscard]] Sealed seal(std::string_view text, net::TlsContent type = net::TlsContent::Data) {
    Sealed out;
    if (!records.seal(aead, type, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, out)) {
      out.clear();
    }
    return out;
  }
  [[nodiscard]] net::TlsRecords::Opened open(std::span<std::uint8_t> sealed) {
    room.resize(net::TlsRecords::kMostSealed);
    return records.open(aead, sealed, room);
  }
  [[nodiscard]] std::string data(const net::TlsRecords::Opened& opened) const {
    return {reinterpret_cast<const char*>(room.data()), opened.bytes};
  }

  net::TlsAead aead;
  net::TlsRecords records;
  Sealed room;
  bool is_open = false;
};

}  // namespace limpet::test
