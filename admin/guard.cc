#include "admin/guard.h"

#include <algorithm>

#include "admin/routes.h"
#include "base/crypto.h"
#include "base/text.h"

namespace limpet::admin {

namespace {

// Whether the request brings the token, once.
bool brings_token(const http::RequestHead& request, const std::string& token) {
  const http::Field* const field = request.fields.find("Authorization");
  if (token.empty() || field == nullptr || request.fields.count("Authorization") != 1) {
    return false;
  }
  std::string_view credentials = field->value;
  const std::string_view scheme = take_until(credentials, ' ');
  return iequals(scheme, "Bearer") && crypto::same_secret(trim_ows(credentials), token);
}

bool is_trusted_host(const http::RequestHead& request, const Access& access) {
  std::string_view host = request.host_without_port();
  if (iequals(host, "localhost")) {
    return true;
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  const auto address = IpAddress::parse(host);
  const bool any_address = !access.token.empty() || is_probe(request);
  return address && (any_address || address->is_loopback() || *address == access.bound.ip());
}

Refusal unauthorized(const http::RequestHead& request) {
  const bool has_credentials = request.fields.find("Authorization") != nullptr;
  return {401, "unauthorized",
          has_credentials ? "what Authorization says is not Bearer and the token of admin.token_file"
                          : "this call needs Authorization: Bearer and the token of admin.token_file"};
}

Refusal untrusted_host(const Access& access) {
  return {403, "host",
          access.token.empty() ? "Host must be a loopback address, localhost or the address of admin.bind"
                               : "without the token Host must be an IP address or localhost"};
}

bool is_changing(const http::RequestHead& request) {
  return request.method != "GET" && request.method != "HEAD" && request.method != "OPTIONS";
}

// All of them count: a second Origin must not hide behind the first.
bool is_foreign_origin(const http::RequestHead& request) {
  const std::string own = "http://" + std::string(request.host);
  return std::ranges::any_of(request.fields, [&](const http::Field& field) {
    return iequals(field.name, "Origin") && !iequals(field.value, own);
  });
}

bool has_body(const http::RequestHead& request) {
  return request.body.framing == http::Framing::Chunked ||
         (request.body.framing == http::Framing::Length && request.body.length > 0);
}

bool is_json(const http::RequestHead& request) {
  const http::Field* const type = request.fields.find("Content-Type");
  if (type == nullptr || request.fields.count("Content-Type") != 1) {
    return false;
  }
  std::string_view parameters = type->value;
  return iequals(trim_ows(take_until(parameters, ';')), "application/json");
}

}  // namespace

std::optional<Refusal> check_request(const http::RequestHead& request, const Access& access) {
  const bool is_known = brings_token(request, access.token);
  if (!access.token.empty() && !is_known && !is_open_call(request)) {
    return unauthorized(request);
  }
  if (!access.bound.is_unix() && !is_known && !is_trusted_host(request, access)) {
    return untrusted_host(access);
  }
  if (is_changing(request) && is_foreign_origin(request)) {
    return Refusal{403, "origin", "a page of another origin may not change anything"};
  }
  if (has_body(request) && !is_json(request)) {
    return Refusal{415, "content_type", "a body needs Content-Type: application/json"};
  }
  return std::nullopt;
}

}  // namespace limpet::admin
