// Relay: one direction of a tunnel. It holds bytes only while its source is not being read. Owned by a
// Tunnel. Worker.
#pragma once

#include <cstdint>

#include "net/outbox.h"
#include "websocket/frame_scanner.h"

namespace limpet::proxy {

struct Relay {
  websocket::FrameScanner scanner;
  net::Outbox out;             // empty unless the destination is slow
  std::uint64_t bytes = 0;     // that came from the source
  bool source_ended = false;   // the source sent FIN
  bool fin_passed_on = false;  // and the destination was told

  [[nodiscard]] bool wants_source() const noexcept { return !source_ended && out.empty(); }
  // A frame of our own can be put here without breaking the stream.
  [[nodiscard]] bool takes_control_frame() const noexcept {
    return out.empty() && !source_ended && !scanner.lost() && scanner.between_frames() &&
           !scanner.close_seen();
  }
};

}  // namespace limpet::proxy
