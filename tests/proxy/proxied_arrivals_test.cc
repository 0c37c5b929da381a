// The PROXY protocol in front of a worker and behind it: who a connection counts for, and which ones are
// closed without a word.

#include <string>

#include "base/close_reason.h"
#include "tests/net/proxy_headers.h"
#include "tests/support/catch.h"
#include "tests/support/proxy_rig.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::chrono_literals;

namespace {

using Adjust = std::function<void(proxy::Snapshot&)>;

const std::string kLine = "PROXY TCP4 192.0.2.1 198.51.100.2 4660 443\r\n";
const std::string kRequest = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kOkAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

void require_header(proxy::ListeningSocket& listening) {
  listening.rule.address = SocketAddress(IpAddress::from_v4({127, 0, 0, 1}), 8080);
  listening.rule.requires_proxy_header = true;
}

Adjust trusts(std::string_view network) {
  return [network = std::string(network)](proxy::Snapshot& snapshot) {
    snapshot.trusted_proxies.push_back(IpNetwork::parse(network).value());
  };
}

// Every backend is sent a header.
Adjust introduces(ProxyVersion version, const Adjust& also = {}) {
  return [version, also](proxy::Snapshot& snapshot) {
    snapshot.introduces_clients = true;
    std::vector<backends::Backend> all(snapshot.pools.front().backends.all().begin(),
                                       snapshot.pools.front().backends.all().end());
    for (backends::Backend& backend : all) {
      backend.spec.send_proxy = version;
    }
    snapshot.pools.front().backends = backends::BackendSet(std::move(all));
    if (also) {
      also(snapshot);
    }
  };
}

std::string field_of(const std::string& head, const std::string& name) {
  const auto at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) {
    return "absent";
  }
  const auto begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

// What the backend hears of a request that came behind this.
std::string heard_behind(ProxyRig& rig, const std::string& header, const std::string& request = kRequest) {
  Wire client = rig.connect_client();
  client.send(header + request);
  Wire backend = rig.backend().accept();
  const std::string head = backend.read_head();
  backend.send(kOkAnswer);
  static_cast<void>(client.read_head());
  CHECK(client.read(2) == "ok");
  return head;
}

std::uint64_t ends(const ProxyRig& rig, CloseReason reason) {
  return rig.counters().ends(reason);
}

}  // namespace

TEST_CASE("whom a PROXY header names is the client") {
  ProxyRig rig(1, {}, require_header);
  const std::string header = GENERATE(as<std::string>{}, kLine, v2_header({.payload = kV4Ends}),
                                      with_checksum(kV4Ends + tlv(0xea, "more")));
  const std::string head =
      heard_behind(rig, header, "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n");
  CHECK(field_of(head, "X-Forwarded-For") == "192.0.2.1");
  CHECK(field_of(head, "X-Forwarded-Port") == "443");
  CHECK(field_of(head, "X-Forwarded-Proto") == "http");
}

TEST_CASE("a proxy's own connection and one without an address count for the proxy") {
  ProxyRig rig(1, {}, require_header);
  const std::string header =
      GENERATE(as<std::string>{}, "PROXY UNKNOWN\r\n", v2_header({.command = 0x20, .family = 0}),
               v2_header({.family = 0}), v2_header({.family = 0x12, .payload = kV4Ends}));
  const std::string head = heard_behind(rig, header);
  CHECK(field_of(head, "X-Forwarded-For") == "127.0.0.1");
  CHECK(field_of(head, "X-Forwarded-Port") == "8080");
}

TEST_CASE("what a client says of itself counts if the address in the PROXY header is trusted") {
  const std::string request = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n";
  const auto told = [&request](const char* trusted, const std::string& header) {
    ProxyRig rig(
        1,
        [trusted](proxy::Snapshot& snapshot) {
          trusts("127.0.0.0/8")(snapshot);
          trusts(trusted)(snapshot);
        },
        require_header);
    return field_of(heard_behind(rig, header, request), "X-Forwarded-For");
  };
  CHECK(told("192.0.2.0/24", kLine) == "6.6.6.6, 192.0.2.1");
  CHECK(told("10.0.0.0/8", kLine) == "192.0.2.1");
  // LOCAL: the proxy speaks for itself, and is trusted.
  CHECK(told("10.0.0.0/8", v2_header({.command = 0x20, .family = 0})) == "6.6.6.6, 127.0.0.1");
  // It relays for somebody it does not name: those are not its words.
  CHECK(told("10.0.0.0/8", "PROXY UNKNOWN\r\n") == "127.0.0.1");
  CHECK(told("10.0.0.0/8", v2_header({.family = 0})) == "127.0.0.1");
}

TEST_CASE("a PROXY header tells that the client came over TLS") {
  ProxyRig rig(1, {}, require_header);
  const std::string flags("\x01\0\0\0\0", 5);
  const std::string head = heard_behind(rig, v2_header({.payload = kV4Ends + tlv(0x20, flags)}));
  CHECK(field_of(head, "X-Forwarded-Proto") == "https");
}

TEST_CASE("a connection without a PROXY header as it should be is closed without an answer") {
  ProxyRig rig(1, {}, require_header);
  const std::string begin = GENERATE(as<std::string>{}, kRequest, "PROXY TCP4 1.2.3.4\r\n" + kRequest,
                                     "\x16\x03\x01\x02", v2_header({.family = 0x41}) + kRequest);
  Wire client = rig.connect_client();
  client.send(begin);
  CHECK(client.read_to_end().empty());
  CHECK(happens([&] { return ends(rig, CloseReason::BadProxyHeader) == 1 && rig.open_connections() == 0; }));
  CHECK(rig.backend().stays_lonely(20ms));
}

TEST_CASE("how a connection ends before its PROXY header is counted") {
  ProxyRig rig(
      1, [](proxy::Snapshot& snapshot) { snapshot.timeouts.head = 200ms; }, require_header);
  rig.connect_client().close();
  CHECK(happens([&] { return ends(rig, CloseReason::ClientClosed) == 1; }));
  Wire cut = rig.connect_client();
  cut.send("PROXY ");
  cut.close();
  CHECK(happens([&] { return ends(rig, CloseReason::BadProxyHeader) == 1; }));
  Wire silent = rig.connect_client();
  silent.send("PROXY ");
  CHECK(silent.read_to_end().empty());
  CHECK(happens([&] { return ends(rig, CloseReason::ProxyHeaderLate) == 1 && rig.open_connections() == 0; }));
}

TEST_CASE("nobody but a trusted proxy may send a PROXY header") {
  ProxyRig rig(1, trusts("10.0.0.0/8"), require_header);
  Wire client = rig.connect_client();
  CHECK(client.read_to_end().empty());
  CHECK(happens([&] { return ends(rig, CloseReason::UntrustedProxy) == 1 && rig.open_connections() == 0; }));
}

TEST_CASE("connections that wait for their PROXY header do not keep a worker that leaves") {
  ProxyRig rig(1, {}, require_header);
  Wire client = rig.connect_client();
  client.send("PROXY ");
  REQUIRE(happens([&] { return rig.open_connections() == 1; }));
  rig.leave(10s);
  rig.join();
  CHECK(client.read_to_end().empty());
  CHECK(rig.open_connections() == 0);
}

TEST_CASE("without being asked for a PROXY header is no request") {
  ProxyRig rig(1);
  Wire client = rig.connect_client();
  client.send(kLine + kRequest);
  CHECK(client.read_head().starts_with("HTTP/1.1 400 "));
}

TEST_CASE("a backend is told who the client is before anything else") {
  ProxyRig rig(1, introduces(ProxyVersion::V1));
  Wire client = rig.connect_client();
  client.send(kRequest);
  Wire backend = rig.backend().accept();
  const std::string head = backend.read_head();
  const std::string begin = "PROXY TCP4 127.0.0.1 127.0.0.1 ";
  CHECK(head.starts_with(begin));
  const auto line_end = head.find("\r\n");
  CHECK(head.substr(0, line_end).ends_with(" " + std::to_string(rig.address().port())));
  CHECK(head.substr(line_end + 2).starts_with("GET / HTTP/1.1\r\n"));
}

TEST_CASE("a backend is told whom a PROXY header in front has named") {
  ProxyRig rig(1, introduces(ProxyVersion::V2), require_header);
  Wire client = rig.connect_client();
  client.send(kLine + std::string(kUpgrade));
  Wire backend = rig.backend().accept();
  const std::string header = v2_header({.payload = kV4Ends});
  CHECK(backend.read(header.size()) == header);
  CHECK(backend.read_head().starts_with("GET /chat HTTP/1.1\r\n"));
  backend.send(kSwitch);
  CHECK(client.read_head().starts_with("HTTP/1.1 101 "));
  client.send("ping");
  CHECK(backend.read(4) == "ping");
}

TEST_CASE("a backend is told the client that a trusted proxy has named in a field") {
  ProxyRig rig(1, introduces(ProxyVersion::V1, trusts("127.0.0.0/8")));
  Wire client = rig.connect_client();
  client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n");
  Wire backend = rig.backend().accept();
  CHECK(backend.read_head().starts_with("PROXY TCP4 203.0.113.9 127.0.0.1 0 "));
}

TEST_CASE("a connection that tells of one client serves no other") {
  ProxyRig rig(1, introduces(ProxyVersion::V1));
  for (int i = 0; i < 3; ++i) {
    Wire client = rig.connect_client();
    client.send(kRequest);
    Wire backend = rig.backend().accept();
    CHECK(backend.read_head().starts_with("PROXY TCP4 "));
    backend.send(kOkAnswer);
    static_cast<void>(client.read_head());
    CHECK(client.read(2) == "ok");
    CHECK(backend.read_to_end().empty());
  }
  CHECK(rig.counters().get(Counter::BackendReused) == 0);
}

TEST_CASE("a backend that is tried after another is told as well") {
  ProxyRig rig(2, introduces(ProxyVersion::V1));
  Wire client = rig.connect_client();
  client.send(kRequest);
  const std::size_t first = rig.backend(0).stays_lonely(200ms) ? 1 : 0;
  {
    Wire dies = rig.backend(first).accept();
    static_cast<void>(dies.read_head());
    dies.close();
  }
  Wire second = rig.backend(1 - first).accept();
  CHECK(second.read_head().starts_with("PROXY TCP4 127.0.0.1 "));
}
