// Dialogue: what a probe says and hears once it is connected; one kind of probe is one dialogue. Bytes in,
// bytes out: no socket, no clock, every answer bounded. Owned by a Probe. Pure. One thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/address.h"
#include "settings/settings.h"

namespace limpet::healthcheck {

struct DialogueStep {
  enum class State : std::uint8_t { Waiting, Good, Bad };

  State state = State::Waiting;
  std::string detail;  // for people; empty while Waiting
  std::string send;    // to be sent now, before the end as well
};

class Dialogue {
 public:
  virtual ~Dialogue() = default;
  // What is sent first. Called once.
  [[nodiscard]] virtual std::string opening() = 0;
  // The next bytes of the backend, in any segmentation. Not to be called again after Good or Bad.
  [[nodiscard]] virtual DialogueStep on_bytes(std::string_view bytes) = 0;
};

// For ProbeKind::Http: a GET whose answer has a status in `expect`.
[[nodiscard]] std::unique_ptr<Dialogue> make_http_dialogue(const settings::Health& rule,
                                                           const Endpoint& endpoint);
// For ProbeKind::WebSocket: a handshake, then a Ping that is answered by its Pong (RFC 6455 4.1, 5.5.2).
[[nodiscard]] std::unique_ptr<Dialogue> make_websocket_dialogue(const settings::Health& rule,
                                                                const Endpoint& endpoint);
// Null for the kinds that say nothing: a TCP probe is good as soon as it is connected.
[[nodiscard]] std::unique_ptr<Dialogue> make_dialogue(const settings::Health& rule, const Endpoint& endpoint);

// The request line, Host and User-Agent every request of a probe begins with (RFC 9112 3).
[[nodiscard]] std::string request_start(const settings::Health& rule, const Endpoint& endpoint);

}  // namespace limpet::healthcheck
