// Building frames by hand in tests, valid or not, without the code under test.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

namespace limpet::websocket::testing {

using Bytes = std::vector<std::uint8_t>;

inline Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

inline Bytes payload_of(std::size_t size) {
  return Bytes(size, std::uint8_t{0x88});  // looks like the first byte of a Close
}

// A frame in which everything can be chosen: `first` is FIN, RSV and opcode.
inline Bytes frame(std::uint8_t first, std::size_t size, bool masked = false) {
  Bytes bytes{first};
  const auto mask_bit = static_cast<std::uint8_t>(masked ? 0x80 : 0);
  if (size < 126) {
    bytes.push_back(static_cast<std::uint8_t>(mask_bit | size));
  } else if (size < 65536) {
    bytes.push_back(static_cast<std::uint8_t>(mask_bit | 126));
    bytes.push_back(static_cast<std::uint8_t>(size >> 8U));
    bytes.push_back(static_cast<std::uint8_t>(size));
  } else {
    bytes.push_back(static_cast<std::uint8_t>(mask_bit | 127));
    for (unsigned shift = 64; shift > 0; shift -= 8) {
      bytes.push_back(static_cast<std::uint8_t>(size >> (shift - 8)));
    }
  }
  if (masked) {
    bytes = bytes + Bytes{0x81, 0x80, 0x00, 0xff};
  }
  return bytes + payload_of(size);
}

inline std::span<const std::uint8_t> as_bytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace limpet::websocket::testing
