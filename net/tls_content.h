// The types of what is in records (RFC 8446 5.1).
#pragma once

#include <cstdint>

namespace limpet::net {

enum class TlsContent : std::uint8_t {
  ChangeCipherSpec = 20,
  Alert = 21,
  Handshake = 22,
  Data = 23,
};

}  // namespace limpet::net
