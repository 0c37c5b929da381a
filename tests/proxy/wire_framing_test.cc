// How long a request is, on the wire (RFC 9112 6): Content-Length, Transfer-Encoding, pipelining, Expect.

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/wire_case.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::string_literals;

namespace {

constexpr std::string_view kPost = "POST / HTTP/1.1";
constexpr std::string_view kFive = "Content-Length: 5\r\n";

std::string post(std::string_view fields, std::string_view body = {}) {
  return from_client({.line = kPost, .fields = fields, .body = body});
}

WireCase refused_post(std::string name, std::string_view fields, std::string_view body = "hello") {
  return refused(std::move(name), post(fields, body));
}

WireCase passed_post(std::string name, std::string_view fields, std::string_view body,
                     std::string_view framing) {
  return passed(std::move(name), post(fields, body),
                to_backend({.line = kPost, .framing = framing, .body = body}));
}

Turn served(std::string client_sends, std::string backend_gets) {
  return {.client_sends = std::move(client_sends),
          .backend_gets = std::move(backend_gets),
          .backend_sends = std::string(kOk),
          .client_gets = ok_to_client()};
}

// `first` and a GET behind it in one go are two requests.
WireCase pipelined(std::string name, const std::string& first, std::string first_at_backend) {
  return {
      .name = std::move(name),
      .turns = {served(first + from_client({.line = "GET /second HTTP/1.1"}), std::move(first_at_backend)),
                served({}, to_backend({.line = "GET /second HTTP/1.1"}))},
      .ends = {CloseReason::Completed, CloseReason::Completed}};
}

// The bytes behind `first` are no part of it: they are a next request, and a malformed one.
WireCase malformed_behind(std::string name, const std::string& first, std::string first_at_backend) {
  return {.name = std::move(name),
          .turns = {served(first, std::move(first_at_backend))},
          .refusal = CloseReason::MalformedRequest,
          .backend = BackendSide::Kept,
          .ends = {CloseReason::Completed, CloseReason::MalformedRequest}};
}

// A client that ends in the middle of its body gets no answer, and the backend's connection is closed.
WireCase ended_early(std::string name, std::string client_sends, std::string backend_gets) {
  return {.name = std::move(name),
          .turns = {{.client_sends = std::move(client_sends), .backend_gets = std::move(backend_gets)},
                    {.client_then = Then::Finishes}},
          .client = ClientSide::Cut,
          .ends = {CloseReason::ClientGone}};
}

}  // namespace

TEST_CASE("wire: Content-Length of requests") {
  run_wire_cases(std::vector<WireCase>{
      passed_post("a POST without a length has no body", "", "", ""),
      passed_post("length 0 is passed on", "Content-Length: 0\r\n", "", "Content-Length: 0\r\n"),
      passed_post("length 1 is one byte", "Content-Length: 1\r\n", "h", "Content-Length: 1\r\n"),
      passed_post("white space around a length goes", "Content-Length: \t5 \r\n", "hello", kFive),
      passed_post("leading zeros up to 18 digits go", "Content-Length: 000000000000000005\r\n", "hello",
                  kFive),
      ended_early(
          "a length of 18 nines is waited for", post("Content-Length: 999999999999999999\r\n", "h"),
          to_backend({.line = kPost, .framing = "Content-Length: 999999999999999999\r\n", .body = "h"})),
      refused_post("19 digits are refused", "Content-Length: 0000000000000000005\r\n"),
      refused_post("a length beyond 64 bits is refused", "Content-Length: 18446744073709551621\r\n"),
      refused_post("a plus sign is refused", "Content-Length: +5\r\n"),
      refused_post("a minus sign is refused", "Content-Length: -5\r\n"),
      refused_post("hexadecimal is refused", "Content-Length: 0x5\r\n"),
      refused_post("a fraction is refused", "Content-Length: 5.0\r\n"),
      refused_post("an exponent is refused", "Content-Length: 5e0\r\n"),
      refused_post("a quoted length is refused", "Content-Length: \"5\"\r\n"),
      refused_post("an empty length is refused", "Content-Length:\r\n"),
      refused_post("a list of equal lengths is refused", "Content-Length: 5, 5\r\n"),
      refused_post("a length with a comma behind it is refused", "Content-Length: 5,\r\n"),
      refused_post("a space inside a length is refused", "Content-Length: 5 5\r\n"),
      refused_post("a tab inside a length is refused", "Content-Length: 1\t5\r\n"),
      refused_post("a repeated equal length is refused", "Content-Length: 5\r\nContent-Length: 5\r\n"),
      refused_post("a repeated different length is refused", "Content-Length: 5\r\ncontent-length: 0\r\n"),
      refused_post("a repeated empty length is refused", "Content-Length:\r\nContent-Length: 5\r\n"),
      refused_post("a space before the colon is refused", "Content-Length : 5\r\n"),
      refused_post("a NUL in a length is refused", "Content-Length: 5\0\r\n"s),
      malformed_behind("Content_Length goes no further and is no length",
                       post("Content_Length: 5\r\n", "0\r\n\r\n"), to_backend({.line = kPost})),
      passed("a GET may have a body", from_client({.fields = kFive, .body = "hello"}),
             to_backend({.framing = kFive, .body = "hello"})),
      passed("a DELETE may have a body",
             from_client({.line = "DELETE / HTTP/1.1", .fields = kFive, .body = "hello"}),
             to_backend({.line = "DELETE / HTTP/1.1", .framing = kFive, .body = "hello"})),
      {.name = "a body of HTTP/1.0 passes with its length",
       .turns = {{.client_sends = from_client({.line = "POST / HTTP/1.0", .fields = kFive, .body = "hello"}),
                  .backend_gets = to_backend({.line = kPost, .framing = kFive, .body = "hello"}),
                  .backend_sends = std::string(kOk),
                  .client_gets = ok_to_client(kClose)}},
       .client = ClientSide::Closed},
      ended_early("a body shorter than its length gets no answer", post(kFive, "hell"),
                  to_backend({.line = kPost, .framing = kFive, .body = "hell"})),
  });
}

TEST_CASE("wire: Transfer-Encoding of requests") {
  constexpr std::string_view kEmpty = "0\r\n\r\n";
  const auto coded = [&](std::string name, std::string_view value) {
    return refused_post(std::move(name), "Transfer-Encoding: "s.append(value).append("\r\n"), kEmpty);
  };
  run_wire_cases(std::vector<WireCase>{
      passed_post("chunked passes", kChunked, kEmpty, kChunked),
      passed_post("chunked in another case is written as chunked", "transfer-encoding: CHUNKED\r\n", kEmpty,
                  kChunked),
      passed_post("white space in front of chunked goes", "Transfer-Encoding:\t chunked\r\n", kEmpty,
                  kChunked),
      passed_post("a space behind chunked goes", "Transfer-Encoding: chunked \r\n", kEmpty, kChunked),
      // Allowed white space, but the second reader of heads takes it for more of the word.
      coded("a tab behind chunked is refused", "chunked\t"),
      coded("gzip in front of chunked is refused", "gzip, chunked"),
      coded("gzip behind chunked is refused", "chunked, gzip"),
      coded("gzip alone is refused", "gzip"),
      coded("chunked twice is refused", "chunked, chunked"),
      coded("identity is refused", "identity"),
      coded("identity in front of chunked is refused", "identity, chunked"),
      coded("an empty encoding is refused", ""),
      coded("a comma behind chunked is refused", "chunked,"),
      coded("a comma in front of chunked is refused", ",chunked"),
      coded("a parameter is refused", "chunked;q=1"),
      coded("quotes are refused", "\"chunked\""),
      coded("a longer word is refused", "xchunked"),
      coded("a shorter word is refused", "chunke"),
      coded("a vertical tab in front is refused",
            "\x0b"
            "chunked"),
      coded("a NUL behind it is refused", "chunked\0"s),
      coded("a tab inside is refused", "chun\tked"),
      refused_post("chunked in two fields is refused",
                   "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", kEmpty),
      refused_post("identity in a second field is refused",
                   "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", kEmpty),
      refused_post("an empty second field is refused", "Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n",
                   kEmpty),
      refused_post("a length in front of chunked is refused",
                   "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", kEmpty),
      refused_post("a length behind chunked is refused",
                   "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", kEmpty),
      refused_post("a length of 0 beside chunked is refused",
                   "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", kEmpty),
      refused_post("a space before the colon is refused", "Transfer-Encoding : chunked\r\n", kEmpty),
      refused_post("a folded encoding is refused", "Transfer-Encoding:\r\n chunked\r\n", kEmpty),
      refused("chunked in HTTP/1.0 is refused",
              from_client({.line = "POST / HTTP/1.0", .fields = kChunked, .body = kEmpty})),
      malformed_behind("Transfer_Encoding goes no further and encodes nothing",
                       post("Transfer_Encoding: chunked\r\n", kEmpty), to_backend({.line = kPost})),
      passed("a GET may have a chunked body", from_client({.fields = kChunked, .body = kEmpty}),
             to_backend({.framing = kChunked, .body = kEmpty})),
  });
}

TEST_CASE("wire: pipelined requests") {
  const std::string long_chunk = "5\r\nhello\r\n0\r\n\r\n";
  run_wire_cases(std::vector<WireCase>{
      pipelined("a request behind a GET is answered second", from_client({}), to_backend({})),
      pipelined("a request behind a length of 0 is answered second", post("Content-Length: 0\r\n"),
                to_backend({.line = kPost, .framing = "Content-Length: 0\r\n"})),
      pipelined("a request behind a body is answered second", post(kFive, "hello"),
                to_backend({.line = kPost, .framing = kFive, .body = "hello"})),
      pipelined("a request behind chunks is answered second", post(kChunked, long_chunk),
                to_backend({.line = kPost, .framing = kChunked, .body = long_chunk})),
      pipelined("a request behind trailers is answered second", post(kChunked, "0\r\nX-Sum: 1\r\n\r\n"),
                to_backend({.line = kPost, .framing = kChunked, .body = "0\r\nX-Sum: 1\r\n\r\n"})),
      pipelined(
          "a body that looks like a request is none",
          post("Content-Length: 27\r\n", "GET /inner HTTP/1.1\r\nHost: "),
          to_backend(
              {.line = kPost, .framing = "Content-Length: 27\r\n", .body = "GET /inner HTTP/1.1\r\nHost: "})),
      malformed_behind("what is more than the length is a malformed next request",
                       post(kFive, "hello world\r\n\r\n"),
                       to_backend({.line = kPost, .framing = kFive, .body = "hello"})),
      {.name = "a request behind Connection: close is not answered",
       .turns = {{.client_sends =
                      from_client({.fields = kClose}) + from_client({.line = "GET /second HTTP/1.1"}),
                  .backend_gets = to_backend({}),
                  .backend_sends = std::string(kOk),
                  .client_gets = ok_to_client(kClose)}},
       .client = ClientSide::Closed},
      {.name = "what was asked before a FIN is answered",
       .turns = {{.client_sends = from_client({}) + from_client({.line = "GET /second HTTP/1.1"}),
                  .client_then = Then::Finishes,
                  .backend_gets = to_backend({}),
                  .backend_sends = std::string(kOk),
                  .client_gets = ok_to_client()},
                 served({}, to_backend({.line = "GET /second HTTP/1.1"}))},
       .client = ClientSide::Closed,
       .ends = {CloseReason::Completed, CloseReason::Completed, CloseReason::ClientClosed}},
      {.name = "half a request and a FIN get nothing",
       .turns = {{.client_sends = "GET / HTTP/1.1\r\nHost: exam", .client_then = Then::Finishes}},
       .client = ClientSide::Closed,
       .backend = BackendSide::Closed,
       .ends = {CloseReason::ClientGone}},
  });
}

TEST_CASE("wire: Expect: 100-continue") {
  constexpr std::string_view kFields = "Content-Length: 5\r\nExpect: 100-continue\r\n";
  const std::string asks =
      to_backend({.line = kPost, .fields = "Expect: 100-continue\r\n", .framing = kFive});
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  run_wire_cases(std::vector<WireCase>{
      {.name = "the backend's 100 reaches the client, the body then the backend",
       .turns = {{.client_sends = post(kFields),
                  .backend_gets = asks,
                  .backend_sends = std::string(kContinue),
                  .client_gets = std::string(kContinue)},
                 served("hello", "hello")}},
      {.name = "a client that does not wait for the 100 gets it all the same",
       .turns = {{.client_sends = post(kFields, "hello"),
                  .backend_gets = asks + "hello",
                  .backend_sends = std::string(kContinue) + std::string(kOk),
                  .client_gets = std::string(kContinue) + ok_to_client()}}},
      {.name = "a final refusal instead of the 100 closes the connection behind it",
       .turns = {{.client_sends = post(kFields),
                  .backend_gets = asks,
                  .backend_sends = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno",
                  .client_gets = to_client({.line = "HTTP/1.1 417 Expectation Failed",
                                            .framing = "Content-Length: 2\r\n",
                                            .connection = kClose,
                                            .body = "no"})}},
       .client = ClientSide::Closed,
       .backend = BackendSide::Closed},
      {.name = "the backend that refuses before the body does not get it",
       .turns = {{.client_sends = post(kFields, "he"),
                  .backend_gets = asks + "he",
                  .backend_sends = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n",
                  .client_gets = to_client({.line = "HTTP/1.1 413 Content Too Large",
                                            .framing = "Content-Length: 0\r\n",
                                            .connection = kClose})},
                 {.client_sends = "llo" + from_client({.line = "GET /second HTTP/1.1"})}},
       .client = ClientSide::Closed,
       .backend = BackendSide::Closed},
      {.name = "an Expect of something else is the backend's to judge",
       .turns = {served(
           post("Content-Length: 0\r\nExpect: miracles\r\n"),
           to_backend(
               {.line = kPost, .fields = "Expect: miracles\r\n", .framing = "Content-Length: 0\r\n"}))}},
  });
}
