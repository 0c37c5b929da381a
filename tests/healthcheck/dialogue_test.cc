#include "healthcheck/dialogue.h"

#include <algorithm>

#include "http/head_parser.h"
#include "tests/healthcheck/websocket_peer.h"
#include "tests/support/catch.h"

namespace limpet::healthcheck {
namespace {

using State = DialogueStep::State;
using testing::WebSocketPeer;

const Endpoint kEndpoint{"app.internal", 3000, {}};

settings::Health rule_for(settings::ProbeKind kind) {
  settings::Health rule;
  rule.probe = kind;
  rule.path = "/health?deep=1";
  return rule;
}

// Feeds `bytes` in pieces until the dialogue has decided.
DialogueStep hear(Dialogue& dialogue, std::string_view bytes, std::size_t step) {
  DialogueStep heard;
  while (!bytes.empty() && heard.state == State::Waiting) {
    DialogueStep next = dialogue.on_bytes(bytes.substr(0, step));
    heard = {next.state, next.detail, heard.send + next.send};
    bytes.remove_prefix(std::min(step, bytes.size()));
  }
  return heard;
}

DialogueStep http_answer(std::string_view bytes, std::size_t step) {
  const auto dialogue = make_dialogue(rule_for(settings::ProbeKind::Http), kEndpoint);
  static_cast<void>(dialogue->opening());
  return hear(*dialogue, bytes, step);
}

// Lets the two ends talk until one of them has decided or both are silent.
DialogueStep converse(Dialogue& dialogue, WebSocketPeer& peer, std::size_t step) {
  std::string to_peer = dialogue.opening();
  DialogueStep last;
  while (!to_peer.empty()) {
    const std::string answer = peer.respond(to_peer);
    to_peer.clear();
    if (last.state != State::Waiting) {
      break;
    }
    last = hear(dialogue, answer, step);
    to_peer = last.send;
  }
  return last;
}

std::string frame(websocket::Opcode opcode, std::string_view payload) {
  std::string bytes;
  websocket::append_frame(bytes, opcode, payload);
  return bytes;
}

TEST_CASE("a tcp probe says nothing") {
  CHECK(make_dialogue(rule_for(settings::ProbeKind::Tcp), kEndpoint) == nullptr);
}

TEST_CASE("an http probe asks one whole, well-formed request") {
  const auto dialogue = make_dialogue(rule_for(settings::ProbeKind::Http), kEndpoint);
  const std::string request = dialogue->opening();
  http::RequestHead head;
  REQUIRE_FALSE(http::parse_request(request, {}, head));
  CHECK(head.method == "GET");
  CHECK(head.target == "/health?deep=1");
  CHECK(head.host == "app.internal:3000");
  CHECK(head.fields.find("User-Agent")->value == "limpet-probe");
  CHECK_FALSE(head.keep_alive);
}

TEST_CASE("a probe over a unix socket names a host that is one") {
  CHECK(request_start(rule_for(settings::ProbeKind::Http), Endpoint{{}, 0, "/run/app.sock"})
            .find("\r\nHost: localhost\r\n") != std::string::npos);
}

TEST_CASE("an http answer is judged by its status, however it is cut") {
  struct Row {
    std::string_view answer;
    State state;
    std::string_view detail;
  };
  const auto row =
      GENERATE(Row{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", State::Good, "status 200"},
               Row{"HTTP/1.0 204 No Content\r\n\r\n", State::Good, "status 204"},
               Row{"HTTP/1.1 399 Odd\r\n\r\n", State::Good, "status 399"},
               Row{"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", State::Good, "status 200"},
               Row{"HTTP/1.1 400 Bad\r\n\r\n", State::Bad, "status 400"},
               Row{"HTTP/1.1 500 Oops\r\n\r\n", State::Bad, "status 500"},
               Row{"HTTP/1.1 101 Switching Protocols\r\n\r\n", State::Bad, "status 101"},
               Row{"HTTP/1.1 200 OK\r\nContent-Le", State::Waiting, ""});
  const auto step = GENERATE(std::size_t{1}, std::size_t{7}, std::size_t{65536});
  CAPTURE(row.answer, step);
  const DialogueStep heard = http_answer(row.answer, step);
  CHECK(heard.state == row.state);
  CHECK(heard.detail == row.detail);
}

TEST_CASE("what is not http is a bad answer") {
  const auto answer = GENERATE(as<std::string>{}, "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 200 OK\n\n",
                               std::string(20000, 'x'));
  const auto step = GENERATE(std::size_t{1}, std::size_t{65536});
  const DialogueStep heard = http_answer(answer, step);
  CHECK(heard.state == State::Bad);
  CHECK(heard.detail.substr(0, 16) == "malformed answer");
}

TEST_CASE("endless interim answers are a bad answer") {
  std::string answer;
  for (int i = 0; i < 100; ++i) {
    answer += "HTTP/1.1 102 Processing\r\n\r\n";
  }
  CHECK(http_answer(answer, 65536).state == State::Bad);
}

TEST_CASE("a websocket probe is good at the pong and leaves with a close, however the answer is cut") {
  const auto step = GENERATE(std::size_t{1}, std::size_t{3}, std::size_t{65536});
  const auto dialogue = make_dialogue(rule_for(settings::ProbeKind::WebSocket), kEndpoint);
  WebSocketPeer peer;
  const DialogueStep last = converse(*dialogue, peer, step);
  CHECK(last.state == State::Good);
  CHECK(last.detail == "pong");
  CHECK(peer.request_was_valid());
  CHECK(peer.heard_ping());
  CHECK(peer.heard_close());
  CHECK(peer.everything_was_masked());
}

TEST_CASE("two websocket probes send different keys") {
  const settings::Health rule = rule_for(settings::ProbeKind::WebSocket);
  CHECK(make_dialogue(rule, kEndpoint)->opening() != make_dialogue(rule, kEndpoint)->opening());
}

TEST_CASE("a websocket probe reads past frames that are not its pong") {
  using websocket::Opcode;
  const auto step = GENERATE(std::size_t{1}, std::size_t{65536});
  const auto dialogue = make_dialogue(rule_for(settings::ProbeKind::WebSocket), kEndpoint);
  const std::string greeting = frame(Opcode::Text, std::string(70000, 'g')) + frame(Opcode::Ping, "you?") +
                               frame(Opcode::Pong, "unasked") + frame(Opcode::Binary, {});
  WebSocketPeer peer({.before_pong = greeting});
  CHECK(converse(*dialogue, peer, step).state == State::Good);
}

TEST_CASE("a websocket probe is bad when the backend breaks the protocol") {
  using websocket::Opcode;
  struct Row {
    WebSocketPeer::Manners manners;
    std::string detail;
  };
  std::string masked;
  websocket::append_frame(masked, Opcode::Text, "x", websocket::Mask{1, 2, 3, 4});
  const auto row = GENERATE_COPY(
      values<Row>({{{.wrong_accept = true}, "the switch does not fit the handshake"},
                   {{.before_pong = masked}, "malformed frame"},
                   {{.before_pong = "\xc1\x01x"}, "malformed frame"},
                   {{.before_pong = "\x83\x01x"}, "malformed frame"},
                   {{.before_pong = frame(Opcode::Close, "\x03\xe9")}, "closed before the pong"},
                   {{.before_pong = frame(Opcode::Binary, std::string(1100000, 'b'))},
                    "too many bytes before the pong"}}));
  const auto step = GENERATE(std::size_t{1000}, std::size_t{16384});
  const auto dialogue = make_dialogue(rule_for(settings::ProbeKind::WebSocket), kEndpoint);
  WebSocketPeer peer(row.manners);
  const DialogueStep last = converse(*dialogue, peer, step);
  CHECK(last.state == State::Bad);
  CHECK(last.detail == row.detail);
}

TEST_CASE("a websocket probe of a backend that answers plain http is bad") {
  const auto dialogue = make_dialogue(rule_for(settings::ProbeKind::WebSocket), kEndpoint);
  CHECK(hear(*dialogue, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 1).detail ==
        "status 404 instead of a switch");
}

TEST_CASE("a websocket probe waits for a pong that does not come") {
  const auto dialogue = make_dialogue(rule_for(settings::ProbeKind::WebSocket), kEndpoint);
  WebSocketPeer peer({.no_pong = true});
  CHECK(converse(*dialogue, peer, 65536).state == State::Waiting);
  CHECK(peer.heard_ping());
}

}  // namespace
}  // namespace limpet::healthcheck
