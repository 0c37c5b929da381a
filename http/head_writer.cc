#include "http/head_writer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "http/characters.h"
#include "http/connection_options.h"
#include "http/cookies.h"
#include "http/field_rules.h"
#include "http/framing.h"
#include "http/head_text.h"

namespace limpet::http {

namespace {

// Grows once, not with every field.
constexpr std::size_t kUsualHeadBytes = 1024;

// The fields of a message that its Connection fields name, except those that no option may remove. One look
// at Connection spares the usual message, which names none, a search for every field.
class NamedInConnection {
 public:
  explicit NamedInConnection(const Fields& fields) noexcept
      : fields_(fields), names_any_(read_connection_options(fields).others) {}

  [[nodiscard]] bool contains(const Field& field, FieldRules rules) const noexcept {
    return names_any_ && !has_rule(rules, kKeptFromConnection) && fields_.has_token("Connection", field.name);
  }

 private:
  const Fields& fields_;
  bool names_any_;
};

// Nothing at all is told.
bool is_silent(const Forwarded& forwarded) noexcept {
  return !forwarded.writes_x_forwarded && forwarded.elements == ForwardedElements::Dropped;
}

// A spelling with '_' comes from no proxy: it is a client's, meant for servers that take it for the real
// field.
bool is_believed(const Forwarded& forwarded, const Field& field) noexcept {
  return forwarded.peer_is_trusted && !is_silent(forwarded) && field.name.find('_') == std::string_view::npos;
}

// These are written at the end, from what a trusted proxy sent and what is known of its connection.
constexpr std::array<std::string_view, 5> kWrittenByUs{"X-Forwarded-For", "X-Forwarded-Proto",
                                                       "X-Forwarded-Host", "X-Forwarded-Port", "Forwarded"};

bool is_written_by_us(const Field& field) noexcept {
  return std::any_of(kWrittenByUs.begin(), kWrittenByUs.end(),
                     [&field](std::string_view name) { return iequals(field.name, name); });
}

bool is_copied_to_backend(const NamedInConnection& named, const Forwarded& forwarded,
                          const Field& field) noexcept {
  const FieldRules rules = rules_of(field.name);
  if (has_rule(rules, kNotCopied | kNotCopiedToBackend)) {
    return false;
  }
  if (has_rule(rules, kForwarding) && (!is_believed(forwarded, field) || is_written_by_us(field))) {
    return false;
  }
  return !named.contains(field, rules);
}

void append_cookie_field(std::string& out, const Field& field, std::string_view strip_cookie) {
  if (strip_cookie.empty() || !has_cookie(field.value, strip_cookie)) {
    append_field(out, field.name, field.value);
    return;
  }
  const std::size_t mark = out.size();
  out.append(field.name).append(": ");
  if (append_without_cookie(out, field.value, strip_cookie)) {
    out.append(kCrLf);
  } else {
    out.resize(mark);
  }
}

// The values of all fields of a name as one list, to be continued.
void append_list(std::string& out, const Fields& fields, std::string_view name) {
  for (const Field& field : fields) {
    if (iequals(field.name, name) && !field.value.empty()) {
      out.append(field.value).append(", ");
    }
  }
}

void append_forwarded_for(std::string& out, const RequestHead& head, const Forwarded& forwarded) {
  out.append("X-Forwarded-For: ");
  if (forwarded.peer_is_trusted) {
    append_list(out, head.fields, "X-Forwarded-For");
  }
  out.append(forwarded.client).append(kCrLf);
}

// The peer as a node (RFC 7239 6), in quotes where a token would not do.
void append_node(std::string& out, std::string_view address) {
  const bool is_v6 = address.find(':') != std::string_view::npos;
  out.append(is_v6 ? "\"[" : "").append(address.empty() ? "unknown" : address).append(is_v6 ? "]\"" : "");
}

// What a trusted proxy said, or what we know.
std::string_view said_or_known(const RequestHead& head, const Forwarded& forwarded, const Field& known) {
  const Field* const said = forwarded.peer_is_trusted ? head.fields.find(known.name) : nullptr;
  return said != nullptr && !said->value.empty() ? said->value : known.value;
}

void append_value(std::string& out, std::string_view value) {
  if (is_token(value)) {
    out.append(value);
    return;
  }
  out.push_back('"');
  for (const char c : value) {
    out.append(c == '"' || c == '\\' ? "\\" : "").push_back(c);
  }
  out.push_back('"');
}

// The element of the client itself, whose connection the rest is known of.
void append_client_element(std::string& out, const RequestHead& head, const Forwarded& forwarded) {
  out.append("for=");
  append_node(out, forwarded.beyond.empty() ? forwarded.client : forwarded.beyond);
  if (const std::string_view host = said_or_known(head, forwarded, {"X-Forwarded-Host", head.host});
      !host.empty()) {
    out.append(";host=");
    append_value(out, host);
  }
  out.append(";proto=").append(forwarded.proto);
}

// Continues the list of a trusted proxy that keeps one, so that it leads to the same client as
// X-Forwarded-For. Begins one only where it was asked for: most backends read X-Forwarded-For.
void append_elements(std::string& out, const RequestHead& head, const Forwarded& forwarded) {
  const bool always = forwarded.elements == ForwardedElements::Written;
  const bool continues = forwarded.peer_is_trusted && head.fields.find("Forwarded") != nullptr &&
                         !(always && forwarded.begins_anew);
  if (forwarded.elements == ForwardedElements::Dropped || !(continues || always)) {
    return;
  }
  out.append("Forwarded: ");
  if (continues) {
    append_list(out, head.fields, "Forwarded");
  } else {
    append_client_element(out, head, forwarded);
  }
  if (continues || !forwarded.beyond.empty()) {
    out.append(continues ? "for=" : ", for=");
    append_node(out, forwarded.client);
  }
  out.append(kCrLf);
}

void append_forwarded(std::string& out, const RequestHead& head, const Forwarded& forwarded) {
  if (forwarded.writes_x_forwarded) {
    append_forwarded_for(out, head, forwarded);
  }
  append_elements(out, head, forwarded);
  if (!forwarded.writes_x_forwarded) {
    return;
  }
  constexpr std::size_t kMostDigits = 5;
  std::array<char, kMostDigits> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), forwarded.port).ptr;
  const auto port = forwarded.port == 0 ? std::string_view{} : std::string_view(digits.data(), end);
  for (const Field& known : {Field{"X-Forwarded-Proto", forwarded.proto},
                             Field{"X-Forwarded-Host", head.host}, Field{"X-Forwarded-Port", port}}) {
    if (const std::string_view value = said_or_known(head, forwarded, known); !value.empty()) {
      append_field(out, known.name, value);
    }
  }
}

void append_framing(std::string& out, BodyPlan plan) {
  if (plan.framing == Framing::Length) {
    append_field(out, "Content-Length", plan.length);
  } else if (plan.framing == Framing::Chunked) {
    append_field(out, "Transfer-Encoding", "chunked");
  }
}

void append_upgrade(std::string& out) {
  append_field(out, "Connection", "Upgrade");
  append_field(out, "Upgrade", "websocket");
}

void append_status_line(std::string& out, const ResponseHead& head) {
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::uint64_t>(head.status));
  out.append(" ").append(head.reason).append(kCrLf);
}

// An answer to HEAD and a 304 say how long the body would have been (RFC 9110 8.6); 1xx and 204 may not say
// anything.
void append_length_of_absent_body(std::string& out, const ResponseHead& head) {
  constexpr int kNotModified = 304;
  const Field* const length = head.fields.find("Content-Length");
  if (length != nullptr && (head.status == kNotModified || !status_has_no_body(head.status))) {
    append_field(out, "Content-Length", length->value);
  }
}

void append_client_connection(std::string& out, const ResponseRewrite& rewrite) {
  switch (rewrite.connection) {
    case ClientConnectionField::Upgrade:
      append_upgrade(out);
      return;
    case ClientConnectionField::Close:
      append_field(out, "Connection", "close");
      return;
    case ClientConnectionField::KeepAlive:
      // HTTP/1.1 stays without being told (RFC 9112 9.3).
      if (rewrite.client_version == Version::Http10) {
        append_field(out, "Connection", "keep-alive");
      }
      return;
  }
}

}  // namespace

void append_request_head(std::string& out, const RequestHead& head, const RequestRewrite& rewrite) {
  out.reserve(out.size() + kUsualHeadBytes);
  out.append(head.method).append(" ").append(head.target).append(" HTTP/1.1\r\n");
  append_field(out, "Host", head.host);
  const NamedInConnection named(head.fields);
  for (const Field& field : head.fields) {
    if (!is_copied_to_backend(named, rewrite.forwarded, field)) {
      continue;
    }
    if (iequals(field.name, "Cookie")) {
      append_cookie_field(out, field, rewrite.strip_cookie);
    } else {
      append_field(out, field.name, field.value);
    }
  }
  append_forwarded(out, head, rewrite.forwarded);
  if (!rewrite.client_certificate.empty()) {
    append_field(out, "X-Client-Cert-Subject", rewrite.client_certificate);
  }
  if (!rewrite.request_id.empty()) {
    append_field(out, "X-Request-Id", rewrite.request_id);
  }
  append_framing(out, head.body);
  if (rewrite.upgrade) {
    append_upgrade(out);
  }
  out.append(kCrLf);
}

void append_response_head(std::string& out, const ResponseHead& head, const ResponseRewrite& rewrite) {
  append_status_line(out, head);
  const NamedInConnection named(head.fields);
  for (const Field& field : head.fields) {
    const FieldRules rules = rules_of(field.name);
    if (!has_rule(rules, kNotCopied) && !named.contains(field, rules)) {
      append_field(out, field.name, field.value);
    }
  }
  if (rewrite.framing == Framing::None) {
    append_length_of_absent_body(out, head);
  } else {
    append_framing(out, {.framing = rewrite.framing, .length = head.body.length});
  }
  if (!rewrite.set_cookie.empty()) {
    append_field(out, "Set-Cookie", rewrite.set_cookie);
  }
  append_client_connection(out, rewrite);
  out.append(kCrLf);
}

}  // namespace limpet::http
