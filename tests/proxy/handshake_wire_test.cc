// The opening handshake on the wire: what reaches the backend, and when the tunnel opens.

#include <string>

#include "tests/support/catch.h"
#include "tests/support/proxy_rig.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::chrono_literals;

namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an accepted upgrade becomes a tunnel and carries the affinity cookie") {
  ProxyRig rig(1);
  Wire client = rig.connect_client();
  client.send(kUpgrade);
  Wire backend = rig.backend().accept();
  const std::string request = backend.read_head();
  CHECK(contains(request, "GET /chat HTTP/1.1\r\n"));
  CHECK(contains(request, "Upgrade: websocket\r\n"));
  CHECK(contains(request, "X-Forwarded-For: 127.0.0.1\r\n"));
  backend.send(kSwitch);
  const std::string answer = client.read_head();
  CHECK(contains(answer, "HTTP/1.1 101 "));
  CHECK(contains(answer, "Set-Cookie: limpet="));
  client.send("from the client");
  CHECK(backend.read(15) == "from the client");
  backend.send("from the backend");
  CHECK(client.read(16) == "from the backend");
}

TEST_CASE("bytes that come before the 101 reach the backend only after it") {
  ProxyRig rig(1);
  Wire client = rig.connect_client();
  client.send(std::string(kUpgrade) + "early");
  Wire backend = rig.backend().accept();
  static_cast<void>(backend.read_head());
  client.send(" and later");
  CHECK(backend.stays_silent(100ms));
  backend.send(std::string(kSwitch) + "greeting");
  CHECK(backend.read(15) == "early and later");
  static_cast<void>(client.read_head());
  CHECK(client.read(8) == "greeting");
}

TEST_CASE("a 101 with a wrong accept value is answered with 502") {
  ProxyRig rig(1);
  Wire client = rig.connect_client();
  client.send(kUpgrade);
  Wire backend = rig.backend().accept();
  static_cast<void>(backend.read_head());
  backend.send(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n");
  const std::string answer = client.read_to_end();
  CHECK(contains(answer, "HTTP/1.1 502 "));
  CHECK(contains(answer, "Limpet-Reason: bad_answer\r\n"));
  CHECK(backend.read_to_end().empty());
}

TEST_CASE("a refusal of an upgrade is an ordinary answer and frames behind it are no request") {
  ProxyRig rig(1);
  Wire client = rig.connect_client();
  client.send(std::string(kUpgrade) + "GET /smuggled HTTP/1.1\r\nHost: example.com\r\n\r\n");
  Wire backend = rig.backend().accept();
  static_cast<void>(backend.read_head());
  backend.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
  const std::string answer = client.read_to_end();
  CHECK(contains(answer, "HTTP/1.1 401 "));
  CHECK(contains(answer, "\r\n\r\nno"));
  CHECK(rig.backend().stays_lonely(50ms));
}

TEST_CASE("frames that follow the refusal of an upgrade are no request either") {
  ProxyRig rig(1);
  Wire client = rig.connect_client();
  client.send(kUpgrade);
  Wire backend = rig.backend().accept();
  static_cast<void>(backend.read_head());
  backend.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nn");
  CHECK(contains(client.read_head(), "Connection: close\r\n"));
  client.send("GET /smuggled HTTP/1.1\r\nHost: example.com\r\n\r\n");
  backend.send("o");
  CHECK(client.read_to_end() == "no");
  CHECK(rig.counters().get(Counter::Requests) == 1);
}

TEST_CASE("a backend that closes without an answer is followed by the next one") {
  ProxyRig rig(2, [](proxy::Snapshot& snapshot) { snapshot.pools[0].rule.by = settings::AffinityBy::None; });
  rig.state(1).health = backends::Health::Down;  // the first attempt goes to b1
  Wire client = rig.connect_client();
  client.send(kUpgrade);
  Wire first = rig.backend(0).accept();
  static_cast<void>(first.read_head());
  rig.state(1).health = backends::Health::Up;
  first.close();
  Wire second = rig.backend(1).accept();
  static_cast<void>(second.read_head());
  second.send(kSwitch);
  CHECK(contains(client.read_head(), "HTTP/1.1 101 "));
}

TEST_CASE("without a reachable backend the answer is 503 with Retry-After") {
  ProxyRig rig(2);
  rig.backend(0).close();
  rig.backend(1).close();
  Wire client = rig.connect_client();
  client.send(kUpgrade);
  const std::string answer = client.read_to_end();
  CHECK(contains(answer, "HTTP/1.1 503 "));
  CHECK(contains(answer, "Retry-After: "));
  CHECK(contains(answer, "Limpet-Reason: backend_unreachable\r\n"));
  CHECK(rig.state(0).failures == 1);
  CHECK(rig.state(1).failures == 1);
}
