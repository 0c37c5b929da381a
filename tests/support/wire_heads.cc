// The texts that the rows of wire cases are composed of.
#include "tests/support/wire_case.h"

namespace limpet::test {

namespace {

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) {
    out += part;
  }
  return out;
}

}  // namespace

std::string from_client(const ClientRequest& request) {
  return joined({request.line, "\r\nHost: ", kHost, "\r\n", request.fields, "\r\n", request.body});
}

std::string to_backend(const BackendRequest& request) {
  const std::string_view said_host = request.forwarded_host.empty() ? request.host : request.forwarded_host;
  const std::string forwarded_host =
      said_host.empty() ? "" : joined({"X-Forwarded-Host: ", said_host, "\r\n"});
  const std::string forwarded =
      request.forwarded.empty() ? "" : joined({"Forwarded: ", request.forwarded, "\r\n"});
  const std::string port = request.port.empty() ? "" : joined({"X-Forwarded-Port: ", request.port, "\r\n"});
  const std::string before =
      request.x_forwarded ? joined({"X-Forwarded-For: ", request.forwarded_for, "\r\n"}) : "";
  const std::string behind =
      request.x_forwarded ? joined({"X-Forwarded-Proto: ", request.proto, "\r\n", forwarded_host, port}) : "";
  return joined({request.line, "\r\nHost: ", request.host, "\r\n", request.fields, before, forwarded, behind,
                 "X-Request-Id: ", request.request_id, "\r\n", request.framing, "\r\n", request.body});
}

std::string to_client(const ClientAnswer& answer) {
  const std::string_view cookie =
      answer.has_cookie ? "Set-Cookie: limpet=*; Path=/; SameSite=Lax; HttpOnly\r\n" : "";
  return joined(
      {answer.line, "\r\n", answer.fields, answer.framing, cookie, answer.connection, "\r\n", answer.body});
}

std::string ok_to_client(std::string_view connection) {
  return to_client({.framing = "Content-Length: 2\r\n", .connection = connection, .body = "ok"});
}

WireCase refused(std::string name, std::string client_sends, CloseReason reason) {
  return {.name = std::move(name), .turns = {{.client_sends = std::move(client_sends)}}, .refusal = reason};
}

WireCase passed(std::string name, std::string client_sends, std::string backend_gets) {
  return {.name = std::move(name),
          .turns = {{.client_sends = std::move(client_sends),
                     .backend_gets = std::move(backend_gets),
                     .backend_sends = std::string(kOk),
                     .client_gets = ok_to_client()}}};
}

WireCase bad_answer(std::string name, std::string backend_sends) {
  return {.name = std::move(name),
          .turns = {{.client_sends = from_client({}),
                     .backend_gets = to_backend({}),
                     .backend_sends = std::move(backend_sends)}},
          .refusal = CloseReason::BadAnswer};
}

}  // namespace limpet::test
