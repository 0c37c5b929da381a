// Who may ask: the table of tokens, hosts and origins, without a socket.
#include "admin/guard.h"

#include <string>
#include <vector>

#include "http/head_parser.h"
#include "tests/support/catch.h"

using namespace limpet;
using admin::Access;

namespace {

const std::string kToken = "0123456789abcdef";
const IpAddress kLoopback = IpAddress::from_v4({127, 0, 0, 1});
const Access kClosed{.bound = {kLoopback, 9900}};
const Access kLocal{.bound = {kLoopback, 9900}, .token = kToken};
const Access kAnywhere{.bound = {IpAddress::from_v4({0, 0, 0, 0}), 9900}, .token = kToken};
const Access kUnix{.bound = SocketAddress::unix_path("/run/a"), .token = kToken};

struct Asked {
  std::string call = "GET /v1/status";
  std::string host = "10.0.0.1:9900";
  std::string fields = {};  // lines with CR LF
};

// The status that the guard answers, 200 for none.
int ask(const Access& access, const Asked& asked) {
  const std::string text = asked.call + " HTTP/1.1\r\nHost: " + asked.host + "\r\n" + asked.fields + "\r\n";
  http::RequestHead head;
  INFO(text);
  REQUIRE_FALSE(http::parse_request(text, {}, head));
  const auto refusal = admin::check_request(head, access);
  return refusal ? refusal->status : 200;
}

const std::string kRight = "Authorization: Bearer " + kToken + "\r\n";

}  // namespace

TEST_CASE("with a token every call but the probes and the page needs it") {
  for (const Access& access : {kLocal, kAnywhere, kUnix}) {
    for (const auto* const call : {"POST /",
                                   "GET //",
                                   "GET /dashboard",
                                   "GET /dashboard/",
                                   "GET /dashboard/../v1/status",
                                   "DELETE /dashboard/dashboard.js",
                                   "GET /help/",
                                   "GET /v1/history",
                                   "GET /v1/status",
                                   "HEAD /v1/status",
                                   "GET /v1/affinity",
                                   "PUT /v1/affinity/k",
                                   "DELETE /v1/affinity/k",
                                   "GET /nothing",
                                   "OPTIONS /v1/status",
                                   "OPTIONS *",
                                   "POST /healthz",
                                   "PUT /readyz",
                                   "DELETE /healthz",
                                   "GET /healthz/",
                                   "GET //healthz",
                                   "GET /Healthz",
                                   "GET /%68ealthz",
                                   "GET /healthz/../v1/status",
                                   "GET /v1/status?/healthz",
                                   "GET /healthz%00"}) {
      INFO(call);
      CHECK(ask(access, {.call = call}) == 401);
      CHECK(ask(access, {.call = call, .fields = kRight}) == 200);
    }
    for (const auto* const call : {"GET /healthz", "HEAD /healthz", "GET /readyz", "GET /readyz?x=y", "GET /",
                                   "HEAD /", "GET /help", "GET /dashboard/dashboard.js"}) {
      INFO(call);
      CHECK(ask(access, {.call = call}) == 200);
    }
  }
}

TEST_CASE("without a token nobody is asked for one") {
  CHECK(ask(kClosed, {.host = "127.0.0.1"}) == 200);
  CHECK(ask(kClosed, {.host = "127.0.0.1", .fields = "Authorization: Bearer\r\n"}) == 200);
}

TEST_CASE("only the token itself is the token") {
  for (const std::string& right :
       {"Bearer " + kToken, "bearer " + kToken, "BEARER   " + kToken, " Bearer " + kToken + "  "}) {
    INFO(right);
    CHECK(ask(kAnywhere, {.fields = "Authorization: " + right + "\r\n"}) == 200);
  }
  const std::vector<std::string> wrong{"",
                                       "Bearer",
                                       "Bearer ",
                                       kToken,
                                       "Bearer" + kToken,
                                       "Bearer:" + kToken,
                                       "Basic " + kToken,
                                       "Bearer " + kToken.substr(1),
                                       "Bearer " + kToken.substr(0, 15),
                                       "Bearer " + kToken + "0",
                                       "Bearer 0123456789ABCDEF",
                                       "Bearer \"" + kToken + "\"",
                                       "Bearer " + kToken + ", Bearer " + kToken,
                                       "Bearer token=" + kToken,
                                       "Basic x, Bearer " + kToken,
                                       "Bearer " + kToken + " " + kToken};
  for (const std::string& one : wrong) {
    INFO(one);
    CHECK(ask(kAnywhere, {.fields = "Authorization: " + one + "\r\n"}) == 401);
  }
  CHECK(ask(kAnywhere, {.fields = kRight + kRight}) == 401);
  CHECK(ask(kAnywhere, {.fields = "Authorization: Bearer x\r\n" + kRight}) == 401);
  CHECK(ask(kAnywhere, {.fields = "Proxy-Authorization: Bearer " + kToken + "\r\n"}) == 401);
  CHECK(ask(kAnywhere, {.call = "GET /v1/status?access_token=" + kToken}) == 401);
  CHECK(ask(kAnywhere, {.fields = "Cookie: token=" + kToken + "\r\n"}) == 401);
}

TEST_CASE("a name in Host, which may be rebound, is taken along with the token alone") {
  const std::vector<std::string> names{"evil.test", "limpet.internal:9900", "localhost.evil.test",
                                       "10.0.0.1.evil.test"};
  const std::vector<std::string> literals{"10.0.0.1",  "10.0.0.1:9900", "[2001:db8::1]:9900",
                                          "127.0.0.1", "localhost",     "LocalHost:1"};
  for (const Access& access : {kLocal, kAnywhere}) {
    for (const std::string& host : names) {
      INFO(host);
      CHECK(ask(access, {.call = "GET /healthz", .host = host}) == 403);
      CHECK(ask(access, {.host = host}) == 401);
      CHECK(ask(access, {.host = host, .fields = kRight}) == 200);
      CHECK(ask(access, {.call = "GET /readyz", .host = host, .fields = kRight}) == 200);
      CHECK(ask(access, {.call = "GET /readyz", .host = host, .fields = "Authorization: Bearer x\r\n"}) ==
            403);
    }
    for (const std::string& host : literals) {
      INFO(host);
      CHECK(ask(access, {.call = "GET /healthz", .host = host}) == 200);
      CHECK(ask(access, {.host = host, .fields = kRight}) == 200);
    }
  }
  CHECK(ask(kUnix, {.call = "GET /healthz", .host = "evil.test"}) == 200);
}

TEST_CASE("without a token calls want a host of this machine, and probes any address") {
  for (const auto* const host : {"127.0.0.1", "127.9.9.9:1", "[::1]", "localhost"}) {
    CHECK(ask(kClosed, {.host = host}) == 200);
  }
  for (const auto* const host : {"10.0.0.1", "[2001:db8::1]:9900"}) {
    CHECK(ask(kClosed, {.host = host}) == 403);
    CHECK(ask(kClosed, {.call = "GET /healthz", .host = host}) == 200);
    CHECK(ask(kClosed, {.call = "POST /healthz", .host = host}) == 403);
  }
  CHECK(ask(kClosed, {.call = "GET /healthz", .host = "evil.test"}) == 403);
}

TEST_CASE("a page of another origin changes nothing, token or not") {
  const std::string own = "Origin: http://10.0.0.1:9900\r\n";
  CHECK(ask(kAnywhere, {.call = "DELETE /v1/affinity/k", .fields = kRight + own}) == 200);
  for (const auto* const origin : {"http://evil.test", "null", "https://10.0.0.1:9900", "http://10.0.0.1",
                                   "http://10.0.0.1:9900/", ""}) {
    INFO(origin);
    const std::string foreign = "Origin: " + std::string(origin) + "\r\n";
    CHECK(ask(kAnywhere, {.call = "DELETE /v1/affinity/k", .fields = kRight + foreign}) == 403);
    CHECK(ask(kAnywhere, {.call = "PUT /v1/affinity/k", .fields = kRight + own + foreign}) == 403);
    CHECK(ask(kAnywhere, {.fields = kRight + foreign}) == 200);
    CHECK(ask(kAnywhere, {.call = "DELETE /v1/affinity/k", .fields = foreign}) == 401);
  }
  CHECK(ask(kClosed, {.call = "POST /x", .host = "127.0.0.1", .fields = "Origin: http://a.test\r\n"}) == 403);
}

TEST_CASE("a body says once that it is JSON") {
  const std::string body = "Content-Length: 2\r\n";
  const std::string json = "Content-Type: application/json\r\n";
  CHECK(ask(kClosed, {.call = "PUT /x", .host = "127.0.0.1", .fields = body}) == 415);
  CHECK(ask(kClosed, {.call = "PUT /x", .host = "127.0.0.1", .fields = body + json}) == 200);
  CHECK(ask(kClosed, {.call = "PUT /x",
                      .host = "127.0.0.1",
                      .fields = body + json + "Content-Type: text/plain\r\n"}) == 415);
}
