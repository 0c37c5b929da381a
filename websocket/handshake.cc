#include "websocket/handshake.h"

#include <algorithm>

#include "base/crypto.h"
#include "base/text.h"

namespace limpet::websocket {

namespace {

using http::Field;
using http::Fields;

constexpr std::string_view kAcceptGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 1.3
constexpr std::size_t kKeyBytes = 16;
constexpr std::size_t kKeyTextBytes = 24;  // base64 of 16 bytes
constexpr int kSwitchingProtocols = 101;

// The value of a field that must be there exactly once; a null view otherwise.
std::string_view only_value(const Fields& fields, std::string_view name) noexcept {
  return fields.count(name) == 1 ? fields.find(name)->value : std::string_view{};
}

bool upgrades_to_websocket_alone(const Fields& fields) noexcept {
  return iequals(only_value(fields, "Upgrade"), "websocket");
}

bool is_valid_key(std::string_view key) {
  if (key.size() != kKeyTextBytes) {
    return false;
  }
  const auto bytes = crypto::from_base64(key);
  return bytes && bytes->size() == kKeyBytes;
}

bool has_body(const http::BodyPlan& body) noexcept {
  return body.framing != http::Framing::None && !(body.framing == http::Framing::Length && body.length == 0);
}

// Subprotocol names are case-sensitive (RFC 6455 11.3.4).
bool is_offered_protocol(std::string_view protocol, std::string_view offered) noexcept {
  while (!offered.empty()) {
    if (trim_ows(take_until(offered, ',')) == protocol) {
      return true;
    }
  }
  return false;
}

bool is_offered_extension(std::string_view name, std::string_view offered) noexcept {
  while (!offered.empty()) {
    std::string_view extension = take_until(offered, ',');
    if (iequals(trim_ows(take_until(extension, ';')), name)) {
      return true;
    }
  }
  return false;
}

// Every extension of the answer has a name that was offered (RFC 6455 4.1); its parameters are between the
// two ends.
bool extensions_are_acceptable(const Fields& fields, std::string_view offered) noexcept {
  for (const Field& field : fields) {
    if (!iequals(field.name, "Sec-WebSocket-Extensions")) {
      continue;
    }
    std::string_view rest = field.value;
    do {
      std::string_view extension = take_until(rest, ',');
      const std::string_view name = trim_ows(take_until(extension, ';'));
      if (name.empty() || !is_offered_extension(name, offered)) {
        return false;
      }
    } while (!rest.empty());
  }
  return true;
}

bool protocol_is_acceptable(const Fields& fields, std::string_view offered) noexcept {
  const Field* const chosen = fields.find("Sec-WebSocket-Protocol");
  if (chosen == nullptr) {
    return true;
  }
  return fields.count("Sec-WebSocket-Protocol") == 1 && !chosen->value.empty() &&
         is_offered_protocol(chosen->value, offered);
}

}  // namespace

UpgradeRequest check_request(const http::RequestHead& head) noexcept {
  if (!head.asks_upgrade || !head.fields.has_token("Upgrade", "websocket")) {
    return UpgradeRequest::NotAsked;
  }
  const bool is_well_formed = head.method == "GET" && head.version == http::Version::Http11 &&
                              upgrades_to_websocket_alone(head.fields) && !has_body(head.body) &&
                              is_valid_key(only_value(head.fields, "Sec-WebSocket-Key"));
  if (!is_well_formed) {
    return UpgradeRequest::Malformed;
  }
  return only_value(head.fields, "Sec-WebSocket-Version") == "13" ? UpgradeRequest::Valid
                                                                  : UpgradeRequest::UnsupportedVersion;
}

std::string accept_for(std::string_view key) {
  std::string text(key);
  text.append(kAcceptGuid);
  return crypto::base64(crypto::sha1(text));
}

bool is_valid_switch(const http::ResponseHead& head, std::string_view expected_accept,
                     const Offered& offered) noexcept {
  const bool has_framing_field =
      head.fields.find("Content-Length") != nullptr || head.fields.find("Transfer-Encoding") != nullptr;
  return head.status == kSwitchingProtocols && head.version == http::Version::Http11 && !has_framing_field &&
         upgrades_to_websocket_alone(head.fields) && head.fields.has_token("Connection", "upgrade") &&
         !expected_accept.empty() && only_value(head.fields, "Sec-WebSocket-Accept") == expected_accept &&
         protocol_is_acceptable(head.fields, offered.protocols) &&
         extensions_are_acceptable(head.fields, offered.extensions);
}

}  // namespace limpet::websocket
