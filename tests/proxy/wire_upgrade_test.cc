// Requests to upgrade, on the wire (RFC 6455 4.1, 4.2.1; RFC 9110 7.8): what is one, what is refused, what is
// an ordinary request.

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/wire_case.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::string_literals;

namespace {

constexpr std::string_view kKey = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
constexpr std::string_view kVersion = "Sec-WebSocket-Version: 13\r\n";
constexpr std::string_view kAsk = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
constexpr std::string_view kOurs = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
constexpr std::string_view kAccept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) {
    out += part;
  }
  return out;
}

std::string upgrade_at_backend(std::string_view fields) {
  return to_backend({.fields = fields, .framing = kOurs});
}

std::string switch_at_client() {
  return to_client({.line = "HTTP/1.1 101 Switching Protocols", .fields = kAccept, .connection = kOurs});
}

// Opens a tunnel: the request with these fields becomes an upgrade at the backend, with `backend_fields`.
WireCase opens(std::string name, std::string_view fields, std::string_view backend_fields) {
  return {.name = std::move(name),
          .turns = {{.client_sends = from_client({.fields = fields}),
                     .backend_gets = upgrade_at_backend(backend_fields),
                     .backend_sends = std::string(kSwitch),
                     .client_gets = switch_at_client()},
                    {.client_sends = "\x81\x82\x01\x02\x03\x04kl",
                     .backend_gets = "\x81\x82\x01\x02\x03\x04kl",
                     .backend_sends = "\x81\x02hi",
                     .client_gets = "\x81\x02hi"}},
          .client = ClientSide::IsTunnel};
}

// Both of the usual fields that ask, with a good key and version, and these.
WireCase opens_with(std::string name, std::string_view ask) {
  const std::string backend_fields = joined({kKey, kVersion});
  return opens(std::move(name), joined({ask, backend_fields}), backend_fields);
}

WireCase refused_ask(std::string name, std::string_view ask) {
  return refused(std::move(name), from_client({.fields = joined({ask, kKey, kVersion})}));
}

WireCase refused_key(std::string name, std::string_view keys) {
  return refused(std::move(name), from_client({.fields = joined({kAsk, keys, kVersion})}));
}

WireCase refused_version(std::string name, std::string_view versions) {
  return refused(std::move(name), from_client({.fields = joined({kAsk, kKey, versions})}),
                 CloseReason::UnsupportedVersion);
}

// Asks for no upgrade that limpet knows: an ordinary request, whose connection stays usable.
WireCase ordinary(std::string name, std::string_view fields, std::string_view backend_fields) {
  return passed(std::move(name), from_client({.fields = fields}), to_backend({.fields = backend_fields}));
}

}  // namespace

TEST_CASE("wire: what asks for a WebSocket") {
  const std::string handshake = joined({kKey, kVersion});
  run_wire_cases(std::vector<WireCase>{
      opens_with("the usual fields open a tunnel", kAsk),
      opens_with("websocket may be in another case", "Upgrade: WebSocket\r\nConnection: upgrade\r\n"),
      opens_with("Connection may name more", "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"),
      opens_with("close beside Upgrade opens all the same",
                 "Upgrade: websocket\r\nConnection: close, Upgrade\r\n"),
      opens_with("Connection may be repeated",
                 "Connection: keep-alive\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"),
      opens_with("empty elements of Connection are nothing",
                 "Upgrade: websocket\r\nConnection: , ,Upgrade,\r\n"),
      opens("a Connection that names Sec-WebSocket-Key does not remove it",
            joined({"Upgrade: websocket\r\nConnection: Upgrade, Sec-WebSocket-Key\r\n", handshake}),
            handshake),
      opens("Origin, protocols and extensions pass",
            joined({kAsk, handshake, "Origin: https://example.com\r\nSec-WebSocket-Protocol: a, b\r\n",
                    "Sec-WebSocket-Extensions: permessage-deflate\r\n"}),
            joined({handshake, "Origin: https://example.com\r\nSec-WebSocket-Protocol: a, b\r\n",
                    "Sec-WebSocket-Extensions: permessage-deflate\r\n"})),
      {.name = "a length of 0 is no body",
       .turns = {{.client_sends = from_client({.fields = joined({kAsk, handshake, "Content-Length: 0\r\n"})}),
                  .backend_gets =
                      to_backend({.fields = handshake, .framing = joined({"Content-Length: 0\r\n", kOurs})}),
                  .backend_sends = std::string(kSwitch),
                  .client_gets = switch_at_client()}},
       .client = ClientSide::IsTunnel},
      {.name = "a request before the upgrade is answered, the upgrade has a connection of its own",
       .turns = {{.client_sends = from_client({}),
                  .backend_gets = to_backend({}),
                  .backend_sends = std::string(kOk),
                  .client_gets = ok_to_client()},
                 {.client_sends = from_client({.fields = joined({kAsk, handshake})}),
                  .backend_gets = upgrade_at_backend(handshake),
                  .backend_sends = std::string(kSwitch),
                  .client_gets = switch_at_client(),
                  .on_new_connection = true}},
       .client = ClientSide::IsTunnel,
       .ends = {CloseReason::Completed, CloseReason::ClientClosed}},
      refused_ask("websocket and h2c together are refused",
                  "Upgrade: websocket, h2c\r\nConnection: Upgrade\r\n"),
      refused_ask("h2c and websocket together are refused",
                  "Upgrade: h2c, websocket\r\nConnection: Upgrade\r\n"),
      refused_ask("websocket twice is refused",
                  "Upgrade: websocket\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"),
      refused_ask("websocket in a second Upgrade is refused",
                  "Upgrade: h2c\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"),
  });
}

TEST_CASE("wire: what breaks a handshake") {
  const std::string handshake = joined({kAsk, kKey, kVersion});
  const auto refused_line = [&](std::string name, std::string_view line, std::string_view fields = {},
                                std::string_view body = {}) {
    return refused(std::move(name),
                   from_client({.line = line, .fields = joined({handshake, fields}), .body = body}));
  };
  WireCase to_head = refused_line("HEAD is refused without a body", "HEAD / HTTP/1.1");
  run_wire_cases(std::vector<WireCase>{
      refused_line("POST is refused", "POST / HTTP/1.1"),
      refused_line("OPTIONS is refused", "OPTIONS / HTTP/1.1"),
      refused_line("HTTP/1.0 is refused", "GET / HTTP/1.0"),
      refused_line("a body with a length is refused", "GET / HTTP/1.1", "Content-Length: 2\r\n", "hi"),
      refused_line("a chunked body is refused", "GET / HTTP/1.1", kChunked, "0\r\n\r\n"),
      refused_key("a missing key is refused", ""),
      refused_key("two keys are refused", joined({kKey, kKey})),
      refused_key("an empty key is refused", "Sec-WebSocket-Key:\r\n"),
      refused_key("a key of 15 bytes is refused", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n"),
      refused_key("a key of 17 bytes is refused", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWE=\r\n"),
      refused_key("a key of 18 bytes is refused", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWFh\r\n"),
      refused_key("a key without its padding is refused", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n"),
      refused_key("a key with other characters is refused",
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j!Q==\r\n"),
      refused_key("a key in the alphabet of URLs is refused",
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j_Q==\r\n"),
      refused_key("a key with a space inside is refused", "Sec-WebSocket-Key: dGhlIHNhbXBs ZSBub25jZQ==\r\n"),
      refused_key("a key with padding inside is refused", "Sec-WebSocket-Key: dGhl=HNhbXBsZSBub25jZQ==\r\n"),
      refused_key("a key with stray last bits is refused", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n"),
      refused_version("version 8 gets 426", "Sec-WebSocket-Version: 8\r\n"),
      refused_version("version 12 gets 426", "Sec-WebSocket-Version: 12\r\n"),
      refused_version("version 14 gets 426", "Sec-WebSocket-Version: 14\r\n"),
      refused_version("version 013 gets 426", "Sec-WebSocket-Version: 013\r\n"),
      refused_version("a list of versions gets 426", "Sec-WebSocket-Version: 13, 8\r\n"),
      refused_version("a version twice gets 426", joined({kVersion, kVersion})),
      refused_version("a missing version gets 426", ""),
      refused_version("an empty version gets 426", "Sec-WebSocket-Version:\r\n"),
      // The fault of the key is named first: with both it is no matter of versions.
      refused(
          "a bad key and a bad version are malformed",
          from_client({.fields = joined({kAsk, "Sec-WebSocket-Key: a\r\nSec-WebSocket-Version: 8\r\n"})})),
      {.name = to_head.name, .turns = to_head.turns, .refusal = to_head.refusal, .to_head_request = true},
      refused("frames behind a malformed upgrade are no request",
              from_client({.fields = joined({kAsk, kVersion}), .body = from_client({})})),
  });
}

TEST_CASE("wire: what asks for no WebSocket is an ordinary request") {
  const std::string handshake = joined({kKey, kVersion});
  run_wire_cases(std::vector<WireCase>{
      ordinary("h2c goes no further",
               "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
               ""),
      ordinary("HTTP2-Settings goes no further even if Connection does not name it",
               "Upgrade: h2c\r\nConnection: Upgrade\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n", ""),
      ordinary("h2c without Connection goes no further", "Upgrade: h2c\r\n", ""),
      ordinary("TLS/1.0 goes no further", "Upgrade: TLS/1.0\r\nConnection: Upgrade\r\n", ""),
      ordinary("websocket/13 is another protocol", "Upgrade: websocket/13\r\nConnection: Upgrade\r\n", ""),
      ordinary("a word around websocket is another protocol",
               "Upgrade: xwebsocket\r\nConnection: Upgrade\r\n", ""),
      // The two readers of heads do not agree on what an empty field asks for.
      refused("an empty Upgrade is refused", from_client({.fields = "Upgrade:\r\nConnection: Upgrade\r\n"})),
      ordinary("an Upgrade that Connection does not name asks for nothing",
               joined({"Upgrade: websocket\r\nConnection: keep-alive\r\n", handshake}), handshake),
      ordinary("an Upgrade without Connection asks for nothing",
               joined({"Upgrade: websocket\r\n", handshake}), handshake),
      ordinary("a Connection that names only a longer word asks for nothing",
               joined({"Upgrade: websocket\r\nConnection: Upgrades\r\n", handshake}), handshake),
      ordinary("a Connection without Upgrade asks for nothing", "Connection: Upgrade\r\n", ""),
      passed("an h2c request may have a body",
             from_client({.line = "POST / HTTP/1.1",
                          .fields = "Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 2\r\n",
                          .body = "hi"}),
             to_backend({.line = "POST / HTTP/1.1", .framing = "Content-Length: 2\r\n", .body = "hi"})),
  });
}
