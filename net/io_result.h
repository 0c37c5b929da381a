// How a read or a write of a Stream went. Plain values. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace limpet::net {

enum class IoStatus : std::uint8_t {
  Done,        // `bytes` were moved (at least one)
  WouldBlock,  // nothing now
  End,         // read: the peer has sent everything (FIN)
  Broken,      // reset or any other failure; see `error`
};

struct IoResult {
  IoStatus status = IoStatus::WouldBlock;
  std::size_t bytes = 0;
  int error = 0;  // errno, with Broken
};

}  // namespace limpet::net
