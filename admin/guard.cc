#include "admin/guard.h"

#include <string>

#include "base/text.h"

namespace limpet::admin {

namespace {

bool is_own_host(const http::RequestHead& request, const SocketAddress& bound) {
  std::string_view host = request.host_without_port();
  if (iequals(host, "localhost")) {
    return true;
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  const auto address = IpAddress::parse(host);
  return address && (address->is_loopback() || *address == bound.ip());
}

bool is_changing(const http::RequestHead& request) {
  return request.method != "GET" && request.method != "HEAD" && request.method != "OPTIONS";
}

bool is_foreign_origin(const http::RequestHead& request) {
  const http::Field* const origin = request.fields.find("Origin");
  return origin != nullptr && !iequals(origin->value, "http://" + std::string(request.host));
}

bool has_body(const http::RequestHead& request) {
  return request.body.framing == http::Framing::Chunked ||
         (request.body.framing == http::Framing::Length && request.body.length > 0);
}

bool is_json(const http::RequestHead& request) {
  const http::Field* const type = request.fields.find("Content-Type");
  if (type == nullptr) {
    return false;
  }
  std::string_view parameters = type->value;
  return iequals(trim_ows(take_until(parameters, ';')), "application/json");
}

}  // namespace

std::optional<Refusal> check_request(const http::RequestHead& request, const SocketAddress& bound) {
  if (!bound.is_unix() && !is_own_host(request, bound)) {
    return Refusal{403, "host", "Host must be a loopback address, localhost or the address of admin.bind"};
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
