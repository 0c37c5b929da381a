// How long a backend's answer is, on the wire (RFC 9112 6.3), and that nothing behind it reaches anybody.

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/wire_case.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::string_literals;

namespace {

// The answer's line and fields are "HTTP/1.1 200 OK" and these.
std::string answer_of(std::string_view fields, std::string_view body) {
  return "HTTP/1.1 200 OK\r\n"s.append(fields).append("\r\n").append(body);
}

WireCase bad_framing(std::string name, std::string_view fields, std::string_view body = "ok") {
  return bad_answer(std::move(name), answer_of(fields, body));
}

WireCase answered(std::string name, std::string backend_sends, std::string client_gets,
                  BackendSide side = BackendSide::AsUsual) {
  return {.name = std::move(name),
          .turns = {{.client_sends = from_client({}),
                     .backend_gets = to_backend({}),
                     .backend_sends = std::move(backend_sends),
                     .client_gets = std::move(client_gets)}},
          .backend = side};
}

WireCase chunked_answer(std::string name, std::string_view body, std::string_view client_body) {
  return answered(std::move(name), answer_of(kChunked, body),
                  to_client({.framing = kChunked, .body = client_body}));
}

// An answer whose fault comes when its head has passed is cut where the client can see it.
WireCase cut_answer(std::string name, std::string_view body, std::string_view client_body) {
  WireCase row = chunked_answer(std::move(name), body, client_body);
  row.client = ClientSide::Cut;
  row.ends = {CloseReason::BadAnswer};
  return row;
}

// An answer without a body: `line` and `fields` of the backend, `client_fields` as they pass.
WireCase bodyless(std::string name, std::string_view line, std::string_view fields,
                  std::string_view client_fields, std::string_view spare = {}) {
  return answered(std::move(name),
                  std::string(line).append("\r\n").append(fields).append("\r\n").append(spare),
                  to_client({.line = line, .framing = client_fields}),
                  spare.empty() ? BackendSide::Kept : BackendSide::Closed);
}

WireCase to_head(std::string name, std::string_view fields, std::string_view client_fields,
                 std::string_view spare = {}) {
  return {.name = std::move(name),
          .turns = {{.client_sends = from_client({.line = "HEAD / HTTP/1.1"}),
                     .backend_gets = to_backend({.line = "HEAD / HTTP/1.1"}),
                     .backend_sends = answer_of(fields, spare),
                     .client_gets = to_client({.framing = client_fields})}},
          .backend = spare.empty() ? BackendSide::Kept : BackendSide::Closed};
}

}  // namespace

TEST_CASE("wire: framing of answers") {
  run_wire_cases(std::vector<WireCase>{
      answered("length 0 passes", answer_of("Content-Length: 0\r\n", ""),
               to_client({.framing = "Content-Length: 0\r\n"})),
      answered("leading zeros of a length go", answer_of("Content-Length: 002\r\n", "ok"), ok_to_client()),
      bad_framing("both framings are a bad answer", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
                  "0\r\n\r\n"),
      bad_framing("both framings the other way round are a bad answer",
                  "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"),
      bad_framing("a repeated length is a bad answer", "Content-Length: 2\r\nContent-Length: 2\r\n"),
      bad_framing("a different length is a bad answer", "Content-Length: 2\r\nContent-Length: 3\r\n"),
      bad_framing("a list of lengths is a bad answer", "Content-Length: 2, 2\r\n"),
      bad_framing("a signed length is a bad answer", "Content-Length: +2\r\n"),
      bad_framing("a negative length is a bad answer", "Content-Length: -1\r\n"),
      bad_framing("an empty length is a bad answer", "Content-Length:\r\n"),
      bad_framing("a length of 19 digits is a bad answer", "Content-Length: 0000000000000000002\r\n"),
      bad_framing("gzip, chunked is a bad answer", "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
      bad_framing("identity is a bad answer", "Transfer-Encoding: identity\r\n"),
      bad_framing("gzip alone is a bad answer", "Transfer-Encoding: gzip\r\n"),
      bad_framing("chunked twice is a bad answer",
                  "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      bad_answer("chunked in HTTP/1.0 is a bad answer",
                 "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
      {.name = "an answer shorter than its length is visibly cut",
       .turns = {{.client_sends = from_client({}),
                  .backend_gets = to_backend({}),
                  .backend_sends = answer_of("Content-Length: 5\r\n", "hell"),
                  .client_gets = to_client({.framing = "Content-Length: 5\r\n", .body = "hell"})},
                 {.backend_then = Then::Finishes}},
       .client = ClientSide::Cut,
       .ends = {CloseReason::BackendCut}},
      {.name = "an answer that is reset is visibly cut",
       .turns = {{.client_sends = from_client({}),
                  .backend_gets = to_backend({}),
                  .backend_sends = answer_of(kChunked, "2\r\nok\r\n"),
                  .client_gets = to_client({.framing = kChunked, .body = "2\r\nok\r\n"})},
                 {.backend_then = Then::Resets}},
       .client = ClientSide::Cut,
       .ends = {CloseReason::BackendReset}},
      {.name = "half a head and a FIN are a cut answer",
       .turns = {{.client_sends = from_client({}),
                  .backend_gets = to_backend({}),
                  .backend_sends = "HTTP/1.1 200 OK\r\nContent-",
                  .backend_then = Then::Finishes}},
       .refusal = CloseReason::BackendCut},
  });
}

TEST_CASE("wire: chunks of answers") {
  run_wire_cases(std::vector<WireCase>{
      chunked_answer("chunks pass", "2\r\nok\r\n0\r\n\r\n", "2\r\nok\r\n0\r\n\r\n"),
      chunked_answer("extensions are dropped", "2;a=\"b\"\r\nok\r\n0;c\r\n\r\n", "2\r\nok\r\n0\r\n\r\n"),
      chunked_answer("leading zeros go", "0002\r\nok\r\n00\r\n\r\n", "2\r\nok\r\n0\r\n\r\n"),
      chunked_answer("trailers pass", "2\r\nok\r\n0\r\nX-Sum: 1\r\nX-B:  2\r\n\r\n",
                     "2\r\nok\r\n0\r\nX-Sum: 1\r\nX-B:  2\r\n\r\n"),
      cut_answer("a bad size in front of all data is a cut", "x\r\nok\r\n", ""),
      cut_answer("a size with a space is a cut", "2 \r\nok\r\n0\r\n\r\n", ""),
      cut_answer("a size with 0x is a cut", "0x2\r\nok\r\n0\r\n\r\n", ""),
      cut_answer("a size of 16 digits is a cut", "0000000000000002\r\nok\r\n0\r\n\r\n", ""),
      cut_answer("a size line ended by LF alone is a cut", "2\nok\r\n0\r\n\r\n", ""),
      cut_answer("a bad size behind data is a cut", "2\r\nok\r\nzz\r\n", "2\r\nok\r\n"),
      cut_answer("data longer than its size is a cut", "2\r\nok!\r\n0\r\n\r\n", "2\r\nok\r\n"),
      cut_answer("LF alone behind data is a cut", "2\r\nok\n0\r\n\r\n", "2\r\nok\r\n"),
      cut_answer("a folded trailer is a cut", "2\r\nok\r\n0\r\nX-Sum: 1\r\n 2\r\n\r\n", "2\r\nok\r\n"),
      cut_answer("a Set-Cookie trailer is a cut", "2\r\nok\r\n0\r\nSet-Cookie: limpet_=b\r\n\r\n",
                 "2\r\nok\r\n"),
      cut_answer("a Content-Length trailer is a cut", "2\r\nok\r\n0\r\nContent-Length: 2\r\n\r\n",
                 "2\r\nok\r\n"),
      cut_answer("trailers without end are a cut",
                 "2\r\nok\r\n0\r\nX-Long: " + std::string(9000, 't') + "\r\n\r\n", "2\r\nok\r\n"),
      cut_answer("a blank line of LF alone is a cut", "2\r\nok\r\n0\r\n\n", "2\r\nok\r\n"),
      {.name = "a FIN in front of the last chunk is a cut",
       .turns = {{.client_sends = from_client({}),
                  .backend_gets = to_backend({}),
                  .backend_sends = answer_of(kChunked, "2\r\nok\r\n"),
                  .backend_then = Then::Finishes,
                  .client_gets = to_client({.framing = kChunked, .body = "2\r\nok\r\n"})}},
       .client = ClientSide::Cut,
       .ends = {CloseReason::BackendCut}},
      {.name = "an HTTP/1.0 client gets the data of the chunks until the end",
       .turns = {{.client_sends =
                      from_client({.line = "GET / HTTP/1.0", .fields = "Connection: keep-alive\r\n"}),
                  .backend_gets = to_backend({}),
                  .backend_sends = answer_of(kChunked, "2\r\nok\r\n1\r\n!\r\n0\r\nX-Sum: 1\r\n\r\n"),
                  .client_gets = to_client({.connection = kClose, .body = "ok!"})}},
       .client = ClientSide::Closed},
  });
}

TEST_CASE("wire: answers that end with the connection") {
  const auto ended = [](std::string name, std::string_view version, Then then, ClientSide side) {
    return WireCase{.name = std::move(name),
                    .turns = {{.client_sends = from_client({.line = "GET / "s.append(version)}),
                               .backend_gets = to_backend({}),
                               .backend_sends = answer_of("", "until the end"),
                               .client_gets = to_client({.connection = kClose, .body = "until the end"})},
                              {.backend_then = then}},
                    .client = side,
                    .backend = BackendSide::Closed,
                    .ends = {then == Then::Finishes ? CloseReason::Completed : CloseReason::BackendReset}};
  };
  run_wire_cases(std::vector<WireCase>{
      ended("a FIN ends the answer to HTTP/1.1", "HTTP/1.1", Then::Finishes, ClientSide::Closed),
      ended("a FIN ends the answer to HTTP/1.0", "HTTP/1.0", Then::Finishes, ClientSide::Closed),
      ended("a reset cuts the answer", "HTTP/1.1", Then::Resets, ClientSide::Cut),
      {.name = "an empty answer may end with the connection too",
       .turns = {{.client_sends = from_client({}),
                  .backend_gets = to_backend({}),
                  .backend_sends = answer_of("", ""),
                  .backend_then = Then::Finishes,
                  .client_gets = to_client({.connection = kClose})}},
       .client = ClientSide::Closed,
       .backend = BackendSide::Closed},
  });
}

TEST_CASE("wire: answers without a body, whatever they claim") {
  constexpr std::string_view kFive = "Content-Length: 5\r\n";
  constexpr std::string_view kSpare = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
  run_wire_cases(std::vector<WireCase>{
      to_head("an answer to HEAD keeps its length", kFive, kFive),
      to_head("an answer to HEAD without a length has none", "", ""),
      to_head("bytes behind an answer to HEAD reach nobody", kFive, kFive, "hello"),
      to_head("an answer behind an answer to HEAD reaches nobody", kFive, kFive, kSpare),
      to_head("chunks behind an answer to HEAD reach nobody", kChunked, "", "0\r\n\r\n"),
      bodyless("a 204 passes", "HTTP/1.1 204 No Content", "", ""),
      bodyless("the length of a 204 goes no further", "HTTP/1.1 204 No Content", kFive, ""),
      bodyless("bytes behind a 204 reach nobody", "HTTP/1.1 204 No Content", kFive, "", "hello"),
      bodyless("chunks behind a 204 reach nobody", "HTTP/1.1 204 No Content", kChunked, "", "0\r\n\r\n"),
      bodyless("a 304 keeps its length", "HTTP/1.1 304 Not Modified", kFive, kFive),
      bodyless("bytes behind a 304 reach nobody", "HTTP/1.1 304 Not Modified", kFive, kFive, "hello"),
      bodyless("an answer behind a 304 reaches nobody", "HTTP/1.1 304 Not Modified", kFive, kFive, kSpare),
      {.name = "bytes behind a 100 are no body of it, whatever length it claims",
       .turns = {{.client_sends = from_client({}),
                  .backend_gets = to_backend({}),
                  .backend_sends =
                      "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello\r\n" + std::string(kOk),
                  .client_gets = "HTTP/1.1 100 Continue\r\n\r\n"}},
       .refusal = CloseReason::BadAnswer},
  });
}

TEST_CASE("wire: bytes that no request asked for") {
  constexpr std::string_view kSpare = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
  const std::string length_answer = std::string(kOk);
  const std::string chunked_body = answer_of(kChunked, "2\r\nok\r\n0\r\n\r\n");
  run_wire_cases(std::vector<WireCase>{
      answered("one byte behind an answer reaches nobody", length_answer + "!", ok_to_client(),
               BackendSide::Closed),
      answered("a second answer reaches nobody", length_answer + std::string(kSpare), ok_to_client(),
               BackendSide::Closed),
      answered("an empty line behind an answer reaches nobody", length_answer + "\r\n", ok_to_client(),
               BackendSide::Closed),
      answered("a second answer behind chunks reaches nobody", chunked_body + std::string(kSpare),
               to_client({.framing = kChunked, .body = "2\r\nok\r\n0\r\n\r\n"}), BackendSide::Closed),
      {.name = "an answer on an idle connection reaches nobody",
       .turns = {{.client_sends = from_client({}),
                  .backend_gets = to_backend({}),
                  .backend_sends = length_answer,
                  .client_gets = ok_to_client()},
                 {.backend_sends = std::string(kSpare)}},
       .backend = BackendSide::Closed},
      {.name = "a 408 on an idle connection reaches nobody",
       .turns = {{.client_sends = from_client({}),
                  .backend_gets = to_backend({}),
                  .backend_sends = length_answer,
                  .client_gets = ok_to_client()},
                 {.backend_sends = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n",
                  .backend_then = Then::Finishes}},
       .backend = BackendSide::Closed},
      {.name = "an idle connection that the backend closed is not used",
       .turns = {{.client_sends = from_client({}),
                  .backend_gets = to_backend({}),
                  .backend_sends = length_answer,
                  .client_gets = ok_to_client()},
                 {.backend_then = Then::Resets}},
       .backend = BackendSide::Closed},
  });
}

TEST_CASE("wire: answers before the request is complete") {
  const std::string head =
      from_client({.line = "POST / HTTP/1.1", .fields = "Content-Length: 5\r\n", .body = "he"});
  const std::string head_at_backend =
      to_backend({.line = "POST / HTTP/1.1", .framing = "Content-Length: 5\r\n", .body = "he"});
  run_wire_cases(std::vector<WireCase>{
      {.name = "an early refusal closes both connections behind it",
       .turns = {{.client_sends = head,
                  .backend_gets = head_at_backend,
                  .backend_sends = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
                  .client_gets = to_client({.line = "HTTP/1.1 403 Forbidden",
                                            .framing = "Content-Length: 2\r\n",
                                            .connection = kClose,
                                            .body = "no"})}},
       .client = ClientSide::Closed,
       .backend = BackendSide::Closed},
      {.name = "an early success closes both connections behind it",
       .turns = {{.client_sends = head,
                  .backend_gets = head_at_backend,
                  .backend_sends = std::string(kOk),
                  .client_gets = ok_to_client()}},
       .client = ClientSide::Closed,
       .backend = BackendSide::Closed},
      {.name = "an answer that begins early goes on while the body does",
       .turns = {{.client_sends = head,
                  .backend_gets = head_at_backend,
                  .backend_sends = answer_of("Content-Length: 4\r\n", "ok"),
                  .client_gets = to_client({.framing = "Content-Length: 4\r\n", .body = "ok"})},
                 {.client_sends = "llo", .backend_gets = "llo", .backend_sends = "ay", .client_gets = "ay"}}},
      {.name = "a refusal followed by a reset still reaches the client",
       .turns = {{.client_sends = head,
                  .backend_gets = head_at_backend,
                  .backend_sends =
                      "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                  .backend_then = Then::Finishes,
                  .client_gets = to_client({.line = "HTTP/1.1 413 Content Too Large",
                                            .framing = "Content-Length: 0\r\n",
                                            .connection = kClose})}},
       .client = ClientSide::Closed,
       .backend = BackendSide::Closed},
  });
}

TEST_CASE("wire: a backend that ends without an answer") {
  const std::string post = from_client({.line = "POST / HTTP/1.1", .fields = "Content-Length: 0\r\n"});
  const std::string post_at_backend =
      to_backend({.line = "POST / HTTP/1.1", .framing = "Content-Length: 0\r\n"});
  const Turn first{.client_sends = from_client({}),
                   .backend_gets = to_backend({}),
                   .backend_sends = std::string(kOk),
                   .client_gets = ok_to_client()};
  run_wire_cases(std::vector<WireCase>{
      {.name = "a FIN instead of an answer is a cut answer",
       .turns = {{.client_sends = from_client({}),
                  .backend_gets = to_backend({}),
                  .backend_then = Then::Finishes}},
       .refusal = CloseReason::BackendCut},
      {.name = "a reset instead of an answer is a cut answer",
       .turns = {{.client_sends = post, .backend_gets = post_at_backend, .backend_then = Then::Resets}},
       .refusal = CloseReason::BackendCut},
      {.name = "a GET on a connection that turns out dead goes over a new one",
       .turns =
           {first,
            {.client_sends = from_client({}), .backend_gets = to_backend({}), .backend_then = Then::Finishes},
            {.backend_gets = to_backend({}),
             .backend_sends = std::string(kOk),
             .client_gets = ok_to_client(),
             .on_new_connection = true}},
       .ends = {CloseReason::Completed, CloseReason::Completed}},
      {.name = "a POST on a connection that turns out dead is not sent twice",
       .turns = {first,
                 {.client_sends = post, .backend_gets = post_at_backend, .backend_then = Then::Finishes}},
       .refusal = CloseReason::BackendCut,
       .ends = {CloseReason::Completed, CloseReason::BackendCut}},
      {.name = "half an answer on a connection that turns out dead is not asked for again",
       .turns = {first,
                 {.client_sends = from_client({}),
                  .backend_gets = to_backend({}),
                  .backend_sends = "HTTP/1.1 2",
                  .backend_then = Then::Finishes}},
       .refusal = CloseReason::BackendCut,
       .ends = {CloseReason::Completed, CloseReason::BackendCut}},
  });
}

TEST_CASE("wire: a client that goes before its answer") {
  run_wire_cases(std::vector<WireCase>{
      {.name = "a reset of the client closes the connection to the backend",
       .turns = {{.client_sends = from_client({}), .backend_gets = to_backend({})},
                 {.client_then = Then::Resets}},
       .client = ClientSide::Cut,
       .ends = {CloseReason::ClientReset}},
      {.name = "a client that sends FIN gets its answer",
       .turns =
           {{.client_sends = from_client({}), .client_then = Then::Finishes, .backend_gets = to_backend({})},
            {.backend_sends = std::string(kOk), .client_gets = ok_to_client()}},
       .client = ClientSide::Closed,
       .ends = {CloseReason::Completed, CloseReason::ClientClosed}},
  });
}
