// The states of a client's connection until it becomes a tunnel, and which may follow which. Only
// ClientConnection::advance changes one. Pure. Worker.
//
//   ReadingHead --head--> Connecting --open--> AwaitingAnswer --101--> Relaying (proxy/tunnel.h)
//        |   ^             |     ^                 |    |
//        |   |             |     '--next backend---'    | any other answer
//        |   |             v                            v
//        |   |          Refusing                  ForwardingAnswer
//        |   '-------------+----kept alive--------------'
//        '------------> Closing <-- every other end, from any state
#pragma once

#include <cstdint>
#include <string_view>

namespace limpet::proxy {

enum class SessionState : std::uint8_t {
  ReadingHead,
  Connecting,
  AwaitingAnswer,
  ForwardingAnswer,
  Refusing,  // an answer of our own is on its way
  Relaying,  // handed over to a Tunnel
  Closing,   // FIN sent; what still comes is thrown away for a moment, so that no reset overtakes the answer
  kCount,
};

// For the log: what the session was doing.
[[nodiscard]] std::string_view phrase(SessionState state) noexcept;
[[nodiscard]] bool may_follow(SessionState from, SessionState to) noexcept;

}  // namespace limpet::proxy
