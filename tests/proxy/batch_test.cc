// Short messages that are heard in one turn leave together at its end, and nothing is lost by that.

#include <cerrno>
#include <string>

#include "tests/simulation/open_session.h"
#include "tests/simulation/simulated_proxy.h"
#include "tests/support/catch.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::chrono_literals;

namespace {

const std::string kMessage("\x81\x82\0\0\0\0hi", 8);
const std::string kLong = std::string("\x82\x7e\x10\0", 4) + std::string(4096, 'x');

}  // namespace

// What a turn calls is seen by the one call that fails: reads come first, then the writes.
TEST_CASE("of two sessions that are ready at once both are heard before one is answered") {
  SimulatedProxy proxy(1);
  OpenSession first(proxy);
  OpenSession second(proxy);
  first.client->to_proxy = kMessage;
  second.client->to_proxy = kMessage;
  proxy.loop().fail_call(proxy.loop().calls() + 2, ECONNRESET);
  REQUIRE(proxy.loop().turn());
  CHECK(first.backend->from_proxy == kMessage);
  CHECK(second.client->closed);
  CHECK_FALSE(first.client->closed);
}

TEST_CASE("a message that comes alone is passed on at once") {
  SimulatedProxy proxy(1);
  OpenSession session(proxy);
  session.client->to_proxy = kMessage;
  const std::uint64_t before = proxy.loop().calls();
  REQUIRE(proxy.loop().turn());
  CHECK(proxy.loop().calls() - before == 2);
  CHECK(proxy.loop().chunks().out() == 0);
  CHECK(session.backend->from_proxy == kMessage);
}

TEST_CASE("a long message sends the short ones before it on their way") {
  SimulatedProxy proxy(1);
  OpenSession first(proxy);
  OpenSession second(proxy);
  first.client->to_proxy = kMessage;
  second.backend->to_proxy = kLong;
  // read, read, and then the write of the short one, although its session was told first.
  proxy.loop().fail_call(proxy.loop().calls() + 3, ECONNRESET);
  REQUIRE(proxy.loop().turn());
  CHECK(first.client->closed);
  CHECK(second.client->from_proxy == kLong);
}

TEST_CASE("a long piece of an answer or of an upload sends the short messages before it on their way") {
  const bool is_upload = GENERATE(false, true);
  const std::string body(4096, 'x');
  SimulatedProxy proxy(1);
  OpenSession session(proxy);
  const PipePtr client = proxy.connect_client();
  client->to_proxy = is_upload ? "PUT / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 4096\r\n\r\n"
                               : "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";
  REQUIRE(proxy.loop().settle());
  const PipePtr backend = proxy.backends().opened.back();
  session.client->to_proxy = kMessage;
  (is_upload ? client : backend)->to_proxy =
      is_upload ? body : "HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n" + body;
  // read, read, and then the write of the short one.
  proxy.loop().fail_call(proxy.loop().calls() + 3, ECONNRESET);
  REQUIRE(proxy.loop().turn());
  CHECK(session.client->closed);
  CHECK((is_upload ? backend : client)->from_proxy.ends_with(body));
}

TEST_CASE("messages of both ends in one turn both arrive, and so does what a reset follows") {
  SimulatedProxy proxy(1);
  OpenSession session(proxy);
  session.client->to_proxy = kMessage;
  session.backend->to_proxy = std::string("\x81\x02ho", 4);
  REQUIRE(proxy.loop().turn());
  CHECK(session.backend->from_proxy == kMessage);
  CHECK(session.client->from_proxy == std::string("\x81\x02ho", 4));
  CHECK(proxy.loop().chunks().out() == 0);
}

TEST_CASE("what a peer does not take at the end of the turn waits for it like anything else") {
  SimulatedProxy proxy(1);
  OpenSession first(proxy);
  OpenSession second(proxy);
  first.backend->room = 3;
  first.client->to_proxy = kMessage;
  second.client->to_proxy = kMessage;
  REQUIRE(proxy.loop().turn());
  CHECK(first.backend->from_proxy.size() == 3);
  first.client->to_proxy = kMessage;
  REQUIRE(proxy.loop().settle());
  CHECK(first.client->to_proxy == kMessage);  // not read while something is kept
  first.backend->room = MemoryPipe::kUnlimited;
  REQUIRE(proxy.loop().settle());
  CHECK(first.backend->from_proxy == kMessage + kMessage);
}

TEST_CASE("when both have said Close the client's end is said with it; the backend closes its own") {
  SimulatedProxy proxy(1);
  OpenSession session(proxy);
  session.client->to_proxy = std::string("\x88\x82\0\0\0\0\x03\xe8", 8);
  REQUIRE(proxy.loop().settle());
  CHECK_FALSE(session.client->proxy_fin);
  session.backend->to_proxy = std::string("\x88\x02\x03\xe8", 4);
  REQUIRE(proxy.loop().settle());
  CHECK(session.client->from_proxy == std::string("\x88\x02\x03\xe8", 4));
  CHECK(session.client->proxy_fin);
  CHECK_FALSE(session.client->closed);
  CHECK_FALSE(session.backend->proxy_fin);

  SECTION("its end ends the session") {
    session.backend->fin = true;
    REQUIRE(proxy.loop().settle());
    CHECK(session.client->closed);
    CHECK(session.backend->closed);
    CHECK_FALSE(session.client->proxy_reset);
    CHECK(proxy.counters().ends(CloseReason::ClientClosed) == 1);
  }
  SECTION("what it says behind its Close goes nowhere") {
    session.backend->to_proxy = std::string("\x81\x02ho", 4);
    REQUIRE(proxy.loop().settle());
    CHECK(session.client->from_proxy.size() == 4);
  }
  SECTION("talking on behind its Close keeps nothing alive") {
    for (int second = 0; second < 31; ++second) {
      session.backend->to_proxy = std::string("\x81\x02ho", 4);
      REQUIRE(proxy.loop().advance(std::chrono::seconds(1)));
    }
    CHECK(session.backend->closed);
    CHECK(session.client->from_proxy.size() == 4);
  }
  SECTION("its end is not awaited for ever") {
    REQUIRE(proxy.loop().advance(std::chrono::seconds(31), std::chrono::seconds(1)));
    CHECK(session.backend->closed);
    CHECK(proxy.counters().ends(CloseReason::ClientClosed) == 1);
  }
}

TEST_CASE("a request that could not be sent at all goes to a fresh connection, in company as alone") {
  const bool in_company = GENERATE(false, true);
  SimulatedProxy proxy(1);
  OpenSession session(proxy);
  const PipePtr client = proxy.connect_client();
  client->to_proxy = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";
  REQUIRE(proxy.loop().settle());
  const PipePtr kept = proxy.backends().opened.back();
  kept->to_proxy = "HTTP/1.1 204 No Content\r\n\r\n";
  REQUIRE(proxy.loop().settle());
  const std::size_t connections = proxy.backends().opened.size();

  client->to_proxy = "POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 2\r\n\r\nhi";
  session.backend->to_proxy = in_company ? std::string("\x81\x02ho", 4) : std::string();
  // The reads come first, then the write of the request.
  proxy.loop().fail_call(proxy.loop().calls() + (in_company ? 3 : 2), EPIPE);
  REQUIRE(proxy.loop().turn());
  kept->reset = true;
  REQUIRE(proxy.loop().settle());
  REQUIRE(proxy.backends().opened.size() == connections + 1);
  CHECK(proxy.backends().opened.back()->from_proxy.starts_with("POST / HTTP/1.1\r\n"));
  CHECK(proxy.backends().opened.back()->from_proxy.ends_with("\r\n\r\nhi"));
}

TEST_CASE("a session that opens while everybody is sent away goes with the next order") {
  const bool in_company = GENERATE(false, true);
  SimulatedProxy proxy(1);
  OpenSession other(proxy);
  const PipePtr client = proxy.connect_client();
  client->to_proxy = kUpgrade;
  REQUIRE(proxy.loop().settle());
  const PipePtr backend = proxy.backends().opened.back();
  proxy.stop();
  backend->to_proxy = std::string(kSwitch) + std::string("\x81\x02ho", 4);
  other.client->to_proxy = in_company ? kMessage : std::string();
  REQUIRE(proxy.loop().settle());
  const proxy::SendAway order{.backend = 1, .most = SimulatedProxy::kEverybody, .grace = 3s};
  CHECK(proxy.send_away({.backend = 1}).waiting == 1);
  CHECK(proxy.send_away(order).told == 1);
  CHECK(client->from_proxy.ends_with(std::string("\x81\x02ho\x88\x11\x03\xf4service restart", 23)));
  CHECK(proxy.send_away(order).waiting == 0);
}
