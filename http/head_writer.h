// Writing heads anew from parsed fields: client bytes of a head are never forwarded as they came. Hop-by-hop
// fields go (RFC 9110 7.6.1), ours are set after the removal. Pure. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/close_reason.h"
#include "http/head.h"

namespace limpet::http {

// What becomes of Forwarded (RFC 7239) on the way to a backend.
enum class ForwardedElements : std::uint8_t {
  Dropped,
  Continued,  // where a trusted proxy sent one
  Written,    // always
};

// What a request to a backend says about where it came from.
struct Forwarded {
  std::string client{};      // the address of the peer, without port; appended to the lists
  std::string_view proto{};  // "http" or "https": how the client came
  std::uint16_t port = 0;    // where it came to; 0 = not known, and not told
  // The peer is a trusted proxy: its X-Forwarded-For and its Forwarded, where it sent one, are continued, and
  // its -Proto, -Host and -Port are kept where it sent them. Otherwise what the client sent of them is
  // replaced, and its Forwarded dropped.
  bool peer_is_trusted = false;
  bool writes_x_forwarded = true;  // X-Forwarded-For, -Proto, -Host and -Port; otherwise they are dropped
  ForwardedElements elements = ForwardedElements::Continued;
  // With ForwardedElements::Written: the client that a trusted peer named by X-Forwarded-For alone, which
  // stands in no list of its that could be continued; empty = none.
  std::string beyond{};
  // With ForwardedElements::Written: the list of a trusted peer is not to be believed and begins anew.
  bool begins_anew = false;
};

struct RequestRewrite {
  Forwarded forwarded;
  std::string_view strip_cookie{};  // name of the affinity cookie, never passed to a backend; empty = none
  std::string_view client_certificate{};  // the subject of the one it has shown; empty = none
  std::string_view request_id{};          // X-Request-Id, instead of what the client says; empty = none
  bool upgrade = false;                   // keeps Upgrade: websocket and Connection: Upgrade
};

// Always HTTP/1.1. Keep-alive to the backend is implied. Framing is written from head.body.
void append_request_head(std::string& out, const RequestHead& head, const RequestRewrite& rewrite);

enum class ClientConnectionField : std::uint8_t { KeepAlive, Close, Upgrade };

struct ResponseRewrite {
  ClientConnectionField connection = ClientConnectionField::KeepAlive;
  Version client_version = Version::Http11;
  // What is sent to the client: may differ from head.body for an HTTP/1.0 client.
  Framing framing = Framing::None;
  std::string_view set_cookie{};  // a whole Set-Cookie value; empty = none
};

// Always HTTP/1.1 in the status line (RFC 9112 2.3). Keeps Content-Length of answers to HEAD and of 304.
void append_response_head(std::string& out, const ResponseHead& head, const ResponseRewrite& rewrite);

struct OwnAnswer {
  CloseReason reason = CloseReason::None;  // gives the status and the text; requires a row with a status
  std::uint32_t retry_after_s = 0;         // 0 = no Retry-After
  bool keep_alive = false;
  bool head_only = false;     // the request was HEAD: the fields of the answer without its body
  std::string_view detail{};  // a sentence for the body; empty = the phrase of the reason
};
// A whole answer made by limpet: Limpet-Reason, Content-Type text/plain, Content-Length, Cache-Control:
// no-store, one line of text; 426 carries Upgrade and Sec-WebSocket-Version: 13.
void append_own_answer(std::string& out, const OwnAnswer& answer);

}  // namespace limpet::http
