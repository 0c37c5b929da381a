// What the fields of a message say about its body: the one place that reads Content-Length and
// Transfer-Encoding (RFC 9112 6). Pure. Any thread.
#pragma once

#include "http/fault.h"
#include "http/head.h"

namespace limpet::http {

struct DeclaredFraming {
  Fault fault;      // the plan is valid when this is empty
  BodyPlan plan{};  // None, Length or Chunked
};
// Exactly one Content-Length of 1 to 18 digits, or exactly one "Transfer-Encoding: chunked" in HTTP/1.1, or
// neither. Everything else has more than one reading and is refused.
[[nodiscard]] DeclaredFraming declared_framing(const Fields& fields, Version version) noexcept;

// The plan of an answer (RFC 9112 6.3): no body after HEAD, 1xx, 204 and 304 whatever was declared, and until
// the end of the connection when nothing was.
[[nodiscard]] BodyPlan response_plan(BodyPlan declared, int status, bool to_head_request) noexcept;
// 1xx, 204, 304: never a body.
[[nodiscard]] bool status_has_no_body(int status) noexcept;

}  // namespace limpet::http
