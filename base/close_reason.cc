#include "base/close_reason.h"

#include <array>

#include "base/row_order.h"

namespace limpet {

namespace {

using enum CloseReason;

constexpr std::array<CloseReasonRow, kCloseReasonCount> kRows{{
    {None, 0, Side::Self, "none", "the session is still going on"},
    {Completed, 0, Side::Self, "completed", "the request was answered"},
    {ClientClosed, 0, Side::Client, "client_closed", "the client ended the session"},
    {BackendClosed, 0, Side::Backend, "backend_closed", "the backend ended the session"},
    {KeepAliveOver, 0, Side::Self, "keep_alive_over", "the connection was idle between requests"},
    {ClientReset, 0, Side::Client, "client_reset", "the client reset the connection"},
    {BackendReset, 0, Side::Backend, "backend_reset", "the backend reset the connection"},
    {ClientLost, 0, Side::Client, "client_lost", "the client vanished: it acknowledges nothing any more"},
    {BackendLost, 0, Side::Backend, "backend_lost", "the backend vanished: it acknowledges nothing any more"},
    {IdleTimeout, 0, Side::Self, "idle_timeout", "no byte passed in either direction for too long"},
    {BodyTimeout, 408, Side::Client, "body_timeout", "the body made no progress for too long"},
    {ClientGone, 0, Side::Client, "client_gone", "the client closed before its answer was complete"},
    {Shutdown, 0, Side::Self, "shutdown", "the proxy is shutting down"},
    {Drained, 0, Side::Self, "drained", "the backend is being drained"},
    {BackendDisabled, 0, Side::Self, "backend_disabled", "the backend was switched off"},
    {BackendRemoved, 0, Side::Self, "backend_removed", "the backend was taken out of the configuration"},
    {BackendDown, 0, Side::Backend, "backend_down", "the backend is down"},
    {Upgrade, 0, Side::Self, "upgrade", "another process of the proxy has taken over"},
    {EndedByAdmin, 0, Side::Self, "ended_by_admin", "an operator ended the session"},
    {Moved, 0, Side::Self, "moved", "an operator moved the client to another backend"},
    {MalformedRequest, 400, Side::Client, "malformed_request", "the request is malformed"},
    {MalformedBody, 400, Side::Client, "malformed_body", "the request body is malformed"},
    {PlainText, 400, Side::Client, "plain_text", "this port speaks TLS: use https:// or wss://"},
    {TlsFailed, 0, Side::Client, "tls_failed", "no TLS connection came about"},
    {UnsupportedVersion, 426, Side::Client, "unsupported_version",
     "only version 13 of the WebSocket protocol is spoken here"},
    {ForeignOrigin, 403, Side::Client, "origin", "pages of this origin may not open WebSockets here"},
    {ClientSessions, 429, Side::Client, "client_sessions", "the client has as many sessions as it may"},
    {ClientRate, 429, Side::Client, "client_rate", "the client opens sessions faster than it may"},
    {NoRoute, 404, Side::Client, "no_route", "no route takes this request"},
    {HeadTimeout, 408, Side::Client, "head_timeout", "the request head took too long"},
    {HeadTooLarge, 431, Side::Client, "head_too_large", "the request head is too large"},
    {BadProxyHeader, 0, Side::Client, "bad_proxy_header", "the PROXY header is missing or malformed"},
    {ProxyHeaderLate, 0, Side::Client, "proxy_header_timeout", "the PROXY header took too long"},
    {UntrustedProxy, 0, Side::Client, "untrusted_proxy", "the peer is not one of the trusted proxies"},
    {SessionsFull, 503, Side::Self, "sessions_full", "the proxy serves as many sessions as it may"},
    {NoBackend, 503, Side::Backend, "no_backend", "no backend can take this request"},
    {BackendUnreachable, 503, Side::Backend, "backend_unreachable", "no backend could be reached"},
    {Stopping, 503, Side::Self, "stopping", "the proxy is shutting down"},
    {BadAnswer, 502, Side::Backend, "bad_answer", "the backend gave an answer that is not valid"},
    {BackendCut, 502, Side::Backend, "backend_cut", "the backend closed before its answer was complete"},
    {ConnectTimeout, 504, Side::Backend, "connect_timeout", "no backend accepted the connection in time"},
    {ResponseTimeout, 504, Side::Backend, "response_timeout", "the backend did not answer in time"},
    {InternalError, 503, Side::Self, "internal_error", "the proxy is out of resources"},
}};

static_assert(rows_are_in_order(kRows, &CloseReasonRow::reason),
              "the rows stand in the order of the enumeration");

}  // namespace

const CloseReasonRow& describe(CloseReason reason) noexcept {
  return kRows[static_cast<std::size_t>(reason)];
}

}  // namespace limpet
