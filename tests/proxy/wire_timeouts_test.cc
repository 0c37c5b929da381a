// Waits that run out, on the wire: each has its answer or its cut, and its one reason.

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/wire_case.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::chrono_literals;

namespace {

// Long enough that a busy machine keeps within it what is not meant to run out.
constexpr Duration kShort = 400ms;

WireCase once(WireCase row) {
  row.splits_client = false;
  row.splits_backend = false;
  return row;
}

Turn answered() {
  return {.client_sends = from_client({}),
          .backend_gets = to_backend({}),
          .backend_sends = std::string(kOk),
          .client_gets = ok_to_client()};
}

}  // namespace

TEST_CASE("wire: a head that takes too long") {
  run_wire_cases(
      std::vector<WireCase>{
          once(refused("half a head gets 408", "GET / HTTP/1.1\r\nHost: exam", CloseReason::HeadTimeout)),
          once(refused("a client that says nothing gets 408", "", CloseReason::HeadTimeout)),
          once({.name = "half a second head gets 408",
                .turns = {answered(), {.client_sends = "GET / HT"}},
                .refusal = CloseReason::HeadTimeout,
                .backend = BackendSide::Kept,
                .ends = {CloseReason::Completed, CloseReason::HeadTimeout}}),
      },
      {.adjust = [](proxy::Snapshot& snapshot) { snapshot.timeouts.head = kShort; }});
}

TEST_CASE("wire: an answer that does not come") {
  run_wire_cases(
      std::vector<WireCase>{
          once({.name = "silence gets 504",
                .turns = {{.client_sends = from_client({}), .backend_gets = to_backend({})}},
                .refusal = CloseReason::ResponseTimeout}),
          once({.name = "half a head gets 504",
                .turns = {{.client_sends = from_client({}),
                           .backend_gets = to_backend({}),
                           .backend_sends = "HTTP/1.1 200 OK\r\nContent-"}},
                .refusal = CloseReason::ResponseTimeout}),
          once({.name = "silence to HEAD gets 504 without a body",
                .turns = {{.client_sends = from_client({.line = "HEAD / HTTP/1.1"}),
                           .backend_gets = to_backend({.line = "HEAD / HTTP/1.1"})}},
                .refusal = CloseReason::ResponseTimeout,
                .to_head_request = true}),
      },
      {.adjust = [](proxy::Snapshot& snapshot) { snapshot.timeouts.response = kShort; }});
}

TEST_CASE("wire: a body that makes no progress") {
  run_wire_cases(
      std::vector<WireCase>{
          once({.name = "half a request body gets 408",
                .turns = {{.client_sends = from_client(
                               {.line = "POST / HTTP/1.1", .fields = "Content-Length: 5\r\n", .body = "he"}),
                           .backend_gets = to_backend({.line = "POST / HTTP/1.1",
                                                       .framing = "Content-Length: 5\r\n",
                                                       .body = "he"})}},
                .refusal = CloseReason::BodyTimeout}),
          once({.name = "half an answer is cut",
                .turns = {{.client_sends = from_client({}),
                           .backend_gets = to_backend({}),
                           .backend_sends = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe",
                           .client_gets = to_client({.framing = "Content-Length: 5\r\n", .body = "he"})}},
                .client = ClientSide::Cut,
                .ends = {CloseReason::BodyTimeout}}),
      },
      {.adjust = [](proxy::Snapshot& snapshot) { snapshot.timeouts.body = kShort; }});
}

TEST_CASE("wire: connections that wait for a next request") {
  run_wire_cases(
      std::vector<WireCase>{
          once({.name = "both are closed without a word",
                .turns = {answered()},
                .client = ClientSide::Closed,
                .backend = BackendSide::Closed,
                .ends = {CloseReason::Completed, CloseReason::KeepAliveOver}}),
      },
      {.adjust = [](proxy::Snapshot& snapshot) { snapshot.timeouts.keep_alive = kShort; }});
}
