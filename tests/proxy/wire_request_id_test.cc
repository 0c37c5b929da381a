// What a backend is told of a request's name: that of a trusted proxy, or one that limpet makes.

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/wire_case.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::string_literals;

namespace {

WireCase told(std::string name, std::string_view fields, std::string_view request_id) {
  return passed(std::move(name), from_client({.fields = fields}), to_backend({.request_id = request_id}));
}
WireCase replaced(std::string name, std::string_view fields) {
  return told(std::move(name), fields, "*");
}

void trust_loopback(proxy::Snapshot& snapshot) {
  snapshot.trusted_proxies.push_back(IpNetwork::parse("127.0.0.0/8").value());
}

}  // namespace

TEST_CASE("wire: a client that is not trusted cannot name its request") {
  run_wire_cases(std::vector<WireCase>{
      replaced("who says nothing gets one", ""),
      replaced("X-Request-Id is replaced", "X-Request-Id: mine\r\n"),
      replaced("several are replaced by one", "X-Request-Id: mine\r\nx-request-id: too\r\n"),
      replaced("X_Request_Id goes", "X_Request_Id: mine\r\n"),
      replaced("Connection does not take it away", "Connection: X-Request-Id\r\n"),
  });
}

TEST_CASE("wire: what a trusted proxy calls a request goes on when it is well formed") {
  run_wire_cases(
      std::vector<WireCase>{
          told("X-Request-Id stays", "X-Request-Id: edge-7f3a\r\n", "edge-7f3a"),
          told("in any case of letters", "x-rEQUEST-iD: edge-7f3a\r\n", "edge-7f3a"),
          told("Connection does not take it away", "Connection: x-request-id\r\nX-Request-Id: e1\r\n", "e1"),
          replaced("who says nothing gets one", ""),
          replaced("an empty one is replaced", "X-Request-Id:\r\n"),
          replaced("a list is replaced", "X-Request-Id: a, b\r\n"),
          replaced("several are replaced by one", "X-Request-Id: a\r\nX-Request-Id: a\r\n"),
          replaced("a long one is replaced", "X-Request-Id: " + std::string(129, 'a') + "\r\n"),
          replaced("X_Request_Id is not it", "X_Request_Id: mine\r\n"),
      },
      {.adjust = trust_loopback});
}
