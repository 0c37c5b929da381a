// Who may open a session: origins of pages, sessions and handshakes a client.
#include <string>

#include "tests/simulation/script.h"
#include "tests/support/catch.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::chrono_literals;

namespace {

std::string upgrade(const std::string& fields) {
  return "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
         fields + "\r\n";
}

std::string from(const std::string& client) {
  return "X-Forwarded-For: " + client + "\r\n";
}

// What a new client's handshake is answered: the reason word of a refusal, "open" when it reached a backend
// that switched.
std::string opens(Script& script, const std::string& fields) {
  const std::size_t attempts = script.proxy().backends().opened.size();
  script.connect_client();
  REQUIRE(script.client_sends(upgrade(fields)));
  if (script.proxy().backends().opened.size() > attempts) {
    REQUIRE(script.apply(Event::BackendSwitches));
    return "open";
  }
  const std::string& answer = script.client()->from_proxy;
  const std::string name = "Limpet-Reason: ";
  const auto begin = answer.find(name) + name.size();
  return answer.substr(begin, answer.find("\r\n", begin) - begin);
}

Script limited(const settings::Limits& limits) {
  return Script([limits](proxy::Snapshot& snapshot) {
    snapshot.limits = limits;
    snapshot.trusted_proxies.push_back(*IpNetwork::parse("127.0.0.0/8"));
  });
}

}  // namespace

TEST_CASE("only pages of the listed origins open WebSockets") {
  settings::Limits limits;
  for (const char* pattern : {"https://app.example.com", "*.example.org"}) {
    limits.websocket_origins.push_back(*OriginPattern::parse(pattern));
  }
  Script script = limited(limits);
  CHECK(opens(script, "Origin: https://app.example.com\r\n") == "open");
  CHECK(opens(script, "Origin: http://a.b.example.org:8080\r\n") == "open");
  for (const std::string fields :
       {"Origin: https://evil.example.net\r\n", "Origin: https://app.example.com.evil.net\r\n",
        "Origin: http://app.example.com\r\n", "Origin: null\r\n", "Origin:\r\n", "",
        "Origin: https://app.example.com\r\nOrigin: https://app.example.com\r\n",
        "Origin: https://app.example.com https://evil.example.net\r\n"}) {
    CAPTURE(fields);
    CHECK(opens(script, fields) == "origin");
    CHECK(script.client()->from_proxy.starts_with("HTTP/1.1 403 "));
  }
  CHECK(script.fault_at_the_end().empty());
}

TEST_CASE("origins do not concern ordinary requests") {
  settings::Limits limits;
  limits.websocket_origins.push_back(*OriginPattern::parse("https://app.example.com"));
  Script script = limited(limits);
  REQUIRE(
      script.client_sends("GET / HTTP/1.1\r\nHost: example.com\r\nOrigin: https://evil.example.net\r\n\r\n"));
  REQUIRE(script.apply(Event::BackendAnswers));
  CHECK(script.client()->from_proxy.starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a client over its sessions is refused until one of them ends; others are not concerned") {
  settings::Limits limits;
  limits.sessions_per_client = 2;
  Script script = limited(limits);
  CHECK(opens(script, from("192.0.2.1")) == "open");
  CHECK(opens(script, from("192.0.2.1")) == "open");
  CHECK(opens(script, from("192.0.2.1")) == "client_sessions");
  CHECK(script.client()->from_proxy.starts_with("HTTP/1.1 429 "));
  CHECK(opens(script, from("192.0.2.2")) == "open");
  // What stands left of the rightmost untrusted hop is the client's own invention.
  CHECK(opens(script, from("203.0.113.9, 192.0.2.1")) == "client_sessions");
  script.choose_client(1);
  REQUIRE(script.apply(Event::ClientResets));
  CHECK(opens(script, from("192.0.2.1")) == "open");
  CHECK(script.proxy().counters().ends(CloseReason::ClientSessions) == 2);
  CHECK(script.fault_at_the_end().empty());
}

TEST_CASE("a handshake under way holds a seat, and a refused or failed one gives it back") {
  settings::Limits limits;
  limits.sessions_per_client = 1;
  Script script = limited(limits);
  script.connect_client();
  REQUIRE(script.client_sends(upgrade(from("192.0.2.1"))));
  CHECK(opens(script, from("192.0.2.1")) == "client_sessions");
  REQUIRE(script.apply(Event::BackendRefusesTheUpgrade));
  CHECK(opens(script, from("192.0.2.1")) == "open");
  CHECK(script.fault_at_the_end().empty());
}

TEST_CASE("a client that opens sessions too fast is told when to come back") {
  settings::Limits limits;
  limits.handshakes_per_client = {.events = 2, .per = 1min};
  Script script = limited(limits);
  CHECK(opens(script, from("192.0.2.1")) == "open");
  CHECK(opens(script, from("192.0.2.1")) == "open");
  CHECK(opens(script, from("192.0.2.1")) == "client_rate");
  CHECK(script.client()->from_proxy.starts_with("HTTP/1.1 429 "));
  CHECK(script.client()->from_proxy.find("\r\nRetry-After: 30\r\n") != std::string::npos);
  CHECK(opens(script, from("192.0.2.2")) == "open");
  REQUIRE(script.proxy().loop().advance(30s));
  CHECK(opens(script, from("192.0.2.1")) == "open");
  CHECK(opens(script, from("192.0.2.1")) == "client_rate");
}

TEST_CASE("ordinary requests are no handshakes and no sessions") {
  settings::Limits limits;
  limits.sessions_per_client = 1;
  limits.handshakes_per_client = {.events = 1, .per = 1min};
  Script script = limited(limits);
  CHECK(opens(script, from("192.0.2.1")) == "open");
  for (int i = 0; i < 3; ++i) {
    script.connect_client();
    REQUIRE(script.client_sends("GET / HTTP/1.1\r\nHost: example.com\r\n" + from("192.0.2.1") + "\r\n"));
    REQUIRE(script.apply(Event::BackendAnswers));
    CHECK(script.client()->from_proxy.starts_with("HTTP/1.1 200 "));
  }
}
