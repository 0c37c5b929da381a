#include <string>

#include "http/head_writer.h"
#include "tests/http/reading.h"
#include "tests/support/catch.h"

using namespace limpet::http;
using limpet::CloseReason;
using limpet::http::testing::read_response;

namespace {

std::string written(const OwnAnswer& answer) {
  std::string out;
  append_own_answer(out, answer);
  return out;
}

}  // namespace

TEST_CASE("an answer of limpet names its reason and closes the connection") {
  CHECK(
      written({.reason = CloseReason::MalformedRequest}) ==
      "HTTP/1.1 400 Bad Request\r\nLimpet-Reason: malformed_request\r\nContent-Type: text/plain; "
      "charset=utf-8\r\n"
      "Cache-Control: no-store\r\nContent-Length: 25\r\nConnection: close\r\n\r\nthe request is malformed\n");
}

TEST_CASE("an answer of limpet may keep the connection and say when to come back") {
  const std::string out = written(
      {.reason = CloseReason::NoBackend, .retry_after_s = 7, .keep_alive = true, .detail = "come back"});
  CHECK(out ==
        "HTTP/1.1 503 Service Unavailable\r\nLimpet-Reason: no_backend\r\nContent-Type: text/plain; "
        "charset=utf-8\r\n"
        "Cache-Control: no-store\r\nContent-Length: 10\r\nRetry-After: 7\r\n\r\ncome back\n");
}

TEST_CASE("an answer to HEAD has the fields of the answer and no body") {
  const std::string whole = written({.reason = CloseReason::NoRoute});
  const std::string head = written({.reason = CloseReason::NoRoute, .head_only = true});
  CHECK(head == whole.substr(0, whole.find("\r\n\r\n") + 4));
}

TEST_CASE("the answer to a wrong WebSocket version names the right one") {
  const std::string out = written({.reason = CloseReason::UnsupportedVersion});
  CHECK(out.starts_with("HTTP/1.1 426 Upgrade Required\r\n"));
  CHECK(out.find("\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nConnection: close, Upgrade\r\n") !=
        std::string::npos);
}

TEST_CASE("every reason with a status has a valid answer with a phrase") {
  for (std::size_t i = 0; i < limpet::kCloseReasonCount; ++i) {
    const auto& row = limpet::describe(static_cast<CloseReason>(i));
    if (row.status == 0) {
      continue;
    }
    CAPTURE(row.word);
    const std::string out = written({.reason = row.reason});
    const std::string head = out.substr(0, out.find("\r\n\r\n") + 4);
    const auto read = read_response(head);
    REQUIRE_FALSE(read.refusal.has_value());
    CHECK(read.head.status == row.status);
    CHECK_FALSE(read.head.reason.empty());
    CHECK(read.head.body.length == out.size() - head.size());
    CHECK(read.head.fields.find("Limpet-Reason")->value == row.word);
  }
}
