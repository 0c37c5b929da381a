#include "websocket/handshake.h"

#include <string>
#include <vector>

#include "http/head_parser.h"
#include "tests/support/catch.h"

using namespace limpet;
using namespace limpet::websocket;

namespace {

const std::string kKey = "dGhlIHNhbXBsZSBub25jZQ==";  // RFC 6455 1.3
const std::string kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

const std::string kUpgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
const std::string kKeyField = "Sec-WebSocket-Key: " + kKey + "\r\n";
const std::string kVersion = "Sec-WebSocket-Version: 13\r\n";

UpgradeRequest check(const std::string& start, const std::string& fields) {
  const std::string bytes = start + "\r\nHost: a\r\n" + fields + "\r\n";
  http::RequestHead head;
  const auto refusal = http::parse_request(bytes, {}, head);
  CAPTURE(bytes, refusal ? refusal->detail : "");
  REQUIRE_FALSE(refusal.has_value());
  return check_request(head);
}

UpgradeRequest check_get(const std::string& fields) {
  return check("GET /chat HTTP/1.1", fields);
}

bool opens(const std::string& start, const std::string& fields, const Offered& offered = {}) {
  const std::string bytes = start + "\r\n" + fields + "\r\n";
  http::ResponseHead head;
  const auto refusal = http::parse_response(bytes, {}, {}, head);
  CAPTURE(bytes, refusal ? refusal->detail : "");
  REQUIRE_FALSE(refusal.has_value());
  return is_valid_switch(head, kAccept, offered);
}

const std::string kSwitching = "HTTP/1.1 101 Switching Protocols";
const std::string kAcceptField = "Sec-WebSocket-Accept: " + kAccept + "\r\n";

}  // namespace

TEST_CASE("the accept value is that of the example of RFC 6455") {
  CHECK(accept_for(kKey) == kAccept);
}

TEST_CASE("a handshake that keeps every rule is valid") {
  for (const std::string& fields : std::vector<std::string>{
           kUpgrade + kKeyField + kVersion,
           "upgrade: WebSocket\r\nconnection: keep-alive, UPGRADE\r\n" + kKeyField + kVersion,
           kVersion + kKeyField + "Connection: x\r\n" + kUpgrade,
           kUpgrade + kKeyField + kVersion +
               "Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Extensions: c\r\n",
           kUpgrade + kKeyField + kVersion + "Content-Length: 0\r\n",
           kUpgrade + "Sec-WebSocket-Key:  AAAAAAAAAAAAAAAAAAAAAA== \r\n" + kVersion,
       }) {
    CAPTURE(fields);
    CHECK(check_get(fields) == UpgradeRequest::Valid);
  }
}

TEST_CASE("a request that does not ask for websocket is an ordinary one") {
  for (const std::string& fields : std::vector<std::string>{
           "",
           kKeyField + kVersion,
           "Upgrade: websocket\r\n" + kKeyField + kVersion,
           "Connection: Upgrade\r\n" + kKeyField + kVersion,
           "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: a\r\n",
           "Connection: Upgrade\r\nUpgrade: websockets\r\n",
           "Connection: Upgrade\r\nUpgrade: websocket/13\r\n",
       }) {
    CAPTURE(fields);
    CHECK(check_get(fields) == UpgradeRequest::NotAsked);
  }
}

TEST_CASE("a request that asks for websocket and breaks a rule is malformed") {
  const auto with_key = [](const std::string& key) {
    return kUpgrade + "Sec-WebSocket-Key: " + key + "\r\n" + kVersion;
  };
  for (const std::string& fields : std::vector<std::string>{
           kUpgrade + kVersion,
           kUpgrade + kKeyField + kKeyField + kVersion,
           with_key(""),
           with_key("dGhlIHNhbXBsZSBub25jZQ="),
           with_key("dGhlIHNhbXBsZSBub25jZQ"),
           with_key("dGhlIHNhbXBsZSBub25jZQ==="),
           with_key("dGhlIHNhbXBsZSBub25jZQAA"),
           with_key("dGhlIHNhbXBsZSBub25jZQA="),
           with_key("dGhlIHNhbXBsZSBub25jZR=="),
           with_key("dGhl-HNhbXBsZSBub25jZQ=="),
           with_key("dGhlIHNhbXBsZSBub25jZQ== x"),
           with_key("AAAA"),
           with_key(kKey + ", " + kKey),
           "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n" + kKeyField + kVersion,
           "Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n" + kKeyField + kVersion,
           "Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket\r\n" + kKeyField + kVersion,
           "Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: websocket\r\n" + kKeyField + kVersion,
           kUpgrade + kKeyField + kVersion + "Content-Length: 1\r\n",
           kUpgrade + kKeyField + kVersion + "Transfer-Encoding: chunked\r\n",
       }) {
    CAPTURE(fields);
    CHECK(check_get(fields) == UpgradeRequest::Malformed);
  }
}

TEST_CASE("only GET of HTTP/1.1 opens a WebSocket") {
  const std::string fields = kUpgrade + kKeyField + kVersion;
  for (const std::string start :
       {"POST / HTTP/1.1", "HEAD / HTTP/1.1", "OPTIONS * HTTP/1.1", "GET / HTTP/1.0"}) {
    CAPTURE(start);
    CHECK(check(start, fields) == UpgradeRequest::Malformed);
  }
}

TEST_CASE("a handshake of any other version than 13 is told so, when the rest is valid") {
  for (const std::string version :
       {"", "Sec-WebSocket-Version: 8\r\n", "Sec-WebSocket-Version: 013\r\n",
        "Sec-WebSocket-Version: 13, 8\r\n", "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13\r\n",
        "Sec-WebSocket-Version:\r\n"}) {
    CAPTURE(version);
    CHECK(check_get(kUpgrade + kKeyField + version) == UpgradeRequest::UnsupportedVersion);
    CHECK(check_get(kUpgrade + version) == UpgradeRequest::Malformed);
  }
}

TEST_CASE("a switch that keeps every rule opens the tunnel") {
  CHECK(opens(kSwitching, kUpgrade + kAcceptField));
  CHECK(opens(kSwitching, "connection: keep-alive, upgrade\r\nUPGRADE: WebSocket\r\n" + kAcceptField));
  CHECK(opens(kSwitching, kUpgrade + kAcceptField + "Sec-WebSocket-Protocol: b\r\n", {"a, b,c", {}}));
  for (const std::string chosen : {"permessage-deflate", "PerMessage-Deflate; server_no_context_takeover",
                                   "x-a ;b=c", "x-a, permessage-deflate"}) {
    CAPTURE(chosen);
    CHECK(opens(kSwitching, kUpgrade + kAcceptField + "Sec-WebSocket-Extensions: " + chosen + "\r\n",
                {{}, "permessage-deflate; client_max_window_bits, x-a"}));
  }
}

TEST_CASE("a switch that breaks a rule does not open the tunnel") {
  const std::string good = kUpgrade + kAcceptField;
  CHECK_FALSE(opens("HTTP/1.1 200 OK", good));
  CHECK_FALSE(opens("HTTP/1.1 100 Continue", good));
  CHECK_FALSE(opens("HTTP/1.0 101 Switching Protocols", good));
  for (const std::string& fields : std::vector<std::string>{
           "",
           kUpgrade,
           kAcceptField,
           "Upgrade: websocket\r\n" + kAcceptField,
           "Connection: Upgrade\r\n" + kAcceptField,
           "Connection: Upgrade\r\nUpgrade: h2c\r\n" + kAcceptField,
           "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n" + kAcceptField,
           good + "Upgrade: websocket\r\n",
           good + kAcceptField,
           kUpgrade + "Sec-WebSocket-Accept:\r\n",
           kUpgrade + "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
           kUpgrade + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo\r\n",
           good + "Content-Length: 0\r\n",
           good + "Content-Length: 5\r\n",
           good + "Transfer-Encoding: chunked\r\n",
           good + "Sec-WebSocket-Protocol: a\r\n",
       }) {
    CAPTURE(fields);
    CHECK_FALSE(opens(kSwitching, fields));
  }
}

TEST_CASE("a switch to a subprotocol that was not offered does not open the tunnel") {
  const std::string good = kUpgrade + kAcceptField;
  for (const std::string chosen : {"c", "A", "", "a, b", "a b"}) {
    CAPTURE(chosen);
    CHECK_FALSE(opens(kSwitching, good + "Sec-WebSocket-Protocol: " + chosen + "\r\n", {"a,b,,", {}}));
  }
  CHECK_FALSE(
      opens(kSwitching, good + "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n", {"a,b", {}}));
}

TEST_CASE("a switch to an extension that was not offered does not open the tunnel") {
  const std::string good = kUpgrade + kAcceptField;
  for (const std::string chosen :
       {"x-b", "permessage", "permessage-deflatex", "", ",x-a", "x-a, x-b", "=x-a"}) {
    CAPTURE(chosen);
    CHECK_FALSE(opens(kSwitching, good + "Sec-WebSocket-Extensions: " + chosen + "\r\n",
                      {{}, "permessage-deflate; x-b, x-a"}));
  }
  CHECK_FALSE(opens(kSwitching, good + "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
  CHECK_FALSE(opens(kSwitching, good + "Sec-WebSocket-Extensions: x-a\r\nSec-WebSocket-Extensions: x-b\r\n",
                    {{}, "x-a"}));
}

TEST_CASE("no answer opens a tunnel for a request without a key") {
  http::ResponseHead head;
  const std::string bytes = kSwitching + "\r\n" + kUpgrade + "Sec-WebSocket-Accept:\r\n\r\n";
  REQUIRE_FALSE(http::parse_response(bytes, {}, {}, head).has_value());
  CHECK_FALSE(is_valid_switch(head, "", {}));
}
