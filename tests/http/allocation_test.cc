// Counts allocations of the whole program, so that this file alone replaces the global operator new.
#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

#include "http/head_writer.h"
#include "tests/http/reading.h"
#include "tests/support/catch.h"

namespace {

std::atomic<std::size_t> allocations{0};

}  // namespace

void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(size)) {
    return memory;
  }
  throw std::bad_alloc();
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size);
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

using namespace limpet::http;

namespace {

constexpr int kRounds = 100;

// The allocations of kRounds calls, after one that may warm up.
template <typename Work>
std::size_t allocations_of(Work work) {
  work();
  const std::size_t before = allocations.load();
  for (int round = 0; round < kRounds; ++round) {
    work();
  }
  return allocations.load() - before;
}

std::string browser_request() {
  return "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: chat.example.com\r\n"
         "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0\r\n"
         "Accept: */*\r\nSec-Fetch-Mode: websocket\r\nSec-Fetch-Site: same-origin\r\nPragma: "
         "no-cache\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\n"
         "Sec-WebSocket-Version: 13\r\nOrigin: https://chat.example.com\r\nSec-WebSocket-Key: "
         "dGhlIHNhbXBsZSBub25jZQ==\r\n"
         "Connection: keep-alive, Upgrade\r\nCookie: a=b; limpet=xyz; c=d\r\nUpgrade: websocket\r\n\r\n";
}

}  // namespace

TEST_CASE("reading and writing a request allocates nothing after the first") {
  const std::string bytes = browser_request();
  REQUIRE(bytes.size() >= 500);
  RequestHead head;
  HeadEnd end;
  std::string out;
  const RequestRewrite rewrite{.forwarded = {.client = "1.2.3.4", .proto = "https"},
                               .strip_cookie = "limpet"};
  std::size_t refused = 0;
  const std::size_t count = allocations_of([&] {
    end.reset();
    out.clear();
    const bool found = end.look(bytes) == HeadEnd::Found::Complete;
    refused += !found || parse_request(bytes, {}, head).has_value() ? 1U : 0U;
    append_request_head(out, head, rewrite);
  });
  CHECK(refused == 0);
  CHECK(count == 0);
}

TEST_CASE("reading and writing an answer allocates nothing after the first") {
  const std::string bytes =
      "HTTP/1.1 200 OK\r\nServer: a\r\nContent-Type: text/html\r\nContent-Length: 12\r\n\r\n";
  ResponseHead head;
  std::string out;
  std::size_t refused = 0;
  const std::size_t count = allocations_of([&] {
    out.clear();
    refused += parse_response(bytes, {}, {}, head).has_value() ? 1U : 0U;
    append_response_head(out, head, {.framing = Framing::Length});
  });
  CHECK(refused == 0);
  CHECK(count == 0);
}

TEST_CASE("a million chunks of one byte are read without allocating") {
  constexpr std::size_t kChunks = 1'000'000;
  std::string bytes;
  for (std::size_t i = 0; i < kChunks; ++i) {
    bytes += "1\r\nx\r\n";
  }
  bytes += "0\r\n\r\n";
  BodyFramer framer(BodyPlan{.framing = Framing::Chunked});
  const std::size_t before = allocations.load();
  std::string_view rest = bytes;
  std::size_t data = 0;
  BodyFramer::Piece piece;
  do {
    piece = framer.next(rest);
    rest.remove_prefix(piece.consumed);
    data += piece.data.size();
  } while (piece.step == BodyFramer::Step::Data);
  const std::size_t after = allocations.load();
  CHECK(piece.step == BodyFramer::Step::Done);
  CHECK(data == kChunks);
  CHECK(rest.empty());
  CHECK(after == before);
}
