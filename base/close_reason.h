// CloseReason: why a request or a session ended, or was never begun. Every ended session has exactly one.
// One row of the table in close_reason.cc is the log word, the metric label, the admin text and the status
// code of the answer that limpet makes for it. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace limpet {

enum class CloseReason : std::uint8_t {
  None,  // still going on
  // Ordinary ends.
  Completed,      // an HTTP exchange was answered in full
  ClientClosed,   // the client ended the session first
  BackendClosed,  // the backend ended the session first
  KeepAliveOver,  // an idle client connection was closed between requests
  // Ends that one side forced.
  ClientReset,
  BackendReset,
  ClientLost,   // it vanished without a word: nothing it was sent is acknowledged any more
  BackendLost,  // likewise
  IdleTimeout,  // no byte either way for timeouts.idle
  BodyTimeout,  // no progress of a body for timeouts.body
  ClientGone,   // the client closed while its answer was on the way
  Shutdown,     // limpet is leaving
  // Sessions that were sent away.
  Drained,          // their backend is being drained
  BackendDisabled,  // their backend was switched off
  BackendRemoved,   // their backend is no longer in the configuration
  BackendDown,      // their backend is down and silent
  Upgrade,          // another process has taken over
  EndedByAdmin,     // an operator ended this one
  Moved,            // an operator moved the client to another backend
  // Refusals of what the client sent.
  MalformedRequest,
  MalformedBody,
  PlainText,           // a request in plain text on a port that speaks TLS
  TlsFailed,           // no TLS connection came about; why is counted apart (net/tls_facts.h)
  UnsupportedVersion,  // Sec-WebSocket-Version other than 13
  ForeignOrigin,       // not one of limits.websocket_origins
  ClientSessions,      // the client has limits.sessions_per_client already
  ClientRate,          // the client is faster than limits.handshakes_per_client
  NoRoute,
  HeadTimeout,
  HeadTooLarge,
  // What stands before a request: a listener that asks for the PROXY protocol. Closed without an answer.
  BadProxyHeader,   // none, or malformed
  ProxyHeaderLate,  // not complete within timeouts.head
  UntrustedProxy,   // from a peer that is not one of trusted_proxies
  // Nobody can serve.
  SessionsFull,
  NoBackend,           // no backend is eligible
  BackendUnreachable,  // every backend that was tried refused or reset the attempt
  Stopping,
  // The backend's answer.
  BadAnswer,        // malformed, or an upgrade that RFC 6455 4.1 does not allow
  BackendCut,       // the backend closed before its answer was complete
  ConnectTimeout,   // every attempt ran out of timeouts.connect
  ResponseTimeout,  // no first byte within timeouts.response
  InternalError,    // out of descriptors or memory
  kCount,
};

struct CloseReasonRow {
  CloseReason reason;
  int status;               // of the answer limpet makes; 0 = none is made
  Side side;                // who caused it
  std::string_view word;    // in logs, metrics, admin answers and the Limpet-Reason header
  std::string_view phrase;  // one line for a person; the body of the answer
};

inline constexpr std::size_t kCloseReasonCount = static_cast<std::size_t>(CloseReason::kCount);

[[nodiscard]] const CloseReasonRow& describe(CloseReason reason) noexcept;

}  // namespace limpet
