// Which version of the PROXY protocol is spoken to a backend. Any thread.
#pragma once

#include <cstdint>

namespace limpet {

enum class ProxyVersion : std::uint8_t {
  Off,
  V1,  // a line of text
  V2,  // binary
};

}  // namespace limpet
