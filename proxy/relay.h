// Relay: one direction of a tunnel. It holds bytes only while its source is not being read, or while they and
// a Close of ours are all that is still to come. Owned by a Tunnel. Worker.
#pragma once

#include <cstdint>
#include <span>

#include "backends/traffic.h"
#include "base/clock.h"
#include "net/outbox.h"
#include "websocket/frame_scanner.h"

namespace limpet::proxy {

// How far limpet has come in ending a direction itself (proxy/tunnel_farewell.cc).
enum class Farewell : std::uint8_t {
  None,    // the direction relays
  Due,     // it relays to the end of the frame under way; our Close follows
  Said,    // our Close was the last word
  Unsaid,  // nothing follows, but no Close could be put: the source had ended, or boundaries are not known
};

struct Relay {
  explicit Relay(backends::Flow& of_backend) noexcept : flow(of_backend) {}

  websocket::FrameScanner scanner;
  backends::Flow& flow;        // all that comes from this side of the sessions with this backend
  net::Outbox out;             // empty unless the destination is slow
  std::uint64_t bytes = 0;     // that came from the source
  Instant active;              // when the source was heard last; see Tunnel::last_activity()
  bool source_ended = false;   // the source sent FIN
  bool fin_passed_on = false;  // the destination was told that nothing follows
  Farewell farewell = Farewell::None;

  // Of what came from the source.
  void note(std::span<const std::uint8_t> came) noexcept {
    bytes += came.size();
    flow.bytes.add(came.size());
  }
  void observe(std::span<const std::uint8_t> came) noexcept { scanner.observe(came, flow.frames); }

  // Nothing of the source is passed on any more: what it says is read, looked at for its Close, and dropped.
  [[nodiscard]] bool is_over() const noexcept { return farewell > Farewell::Due; }
  // And the destination has taken everything.
  [[nodiscard]] bool is_delivered() const noexcept { return is_over() && out.empty(); }
  [[nodiscard]] bool wants_source() const noexcept { return !source_ended && (out.empty() || is_over()); }
};

}  // namespace limpet::proxy
