#include "healthcheck/dialogue.h"

namespace limpet::healthcheck {

std::unique_ptr<Dialogue> make_dialogue(const settings::Health& rule, const Endpoint& endpoint) {
  switch (rule.probe) {
    case settings::ProbeKind::Http:
      return make_http_dialogue(rule, endpoint);
    case settings::ProbeKind::WebSocket:
      return make_websocket_dialogue(rule, endpoint);
    case settings::ProbeKind::Tcp:
    case settings::ProbeKind::None:
      break;
  }
  return nullptr;
}

std::string request_start(const settings::Health& rule, const Endpoint& endpoint) {
  // The path of a Unix socket is not a host (RFC 9110 7.2).
  const std::string host = endpoint.is_unix() ? "localhost" : endpoint.to_string();
  return "GET " + rule.path + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: limpet-probe\r\n";
}

}  // namespace limpet::healthcheck
