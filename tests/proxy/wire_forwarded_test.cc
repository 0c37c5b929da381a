// Where a request came from, as the backend is told (X-Forwarded-*, Forwarded): what a client says of itself
// counts from a trusted proxy alone.

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/wire_case.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::string_literals;

namespace {

WireCase fields_to_backend(std::string name, std::string_view fields, const BackendRequest& backend) {
  return passed(std::move(name), from_client({.fields = fields}), to_backend(backend));
}

// What a client says goes no further.
WireCase removed(std::string name, std::string_view fields) {
  return fields_to_backend(std::move(name), fields, {});
}

void trust_loopback(proxy::Snapshot& snapshot) {
  snapshot.trusted_proxies.push_back(IpNetwork::parse("127.0.0.0/8").value());
}

void at_port_8443(proxy::ListeningSocket& listening) {
  listening.rule.address = SocketAddress(IpAddress::from_v4({0, 0, 0, 0}), 8443);
}

auto says(settings::ForwardedHeaders how) {
  return [how](proxy::Snapshot& snapshot) { snapshot.forwarded = how; };
}

// The client came over TLS, so a trusted proxy says: the affinity cookie is Secure.
WireCase over_tls(std::string name, std::string_view proto) {
  return {
      .name = std::move(name),
      .turns = {{.client_sends = from_client({.fields = "X-Forwarded-Proto: "s.append(proto).append("\r\n")}),
                 .backend_gets = to_backend({.proto = proto}),
                 .backend_sends = std::string(kOk),
                 .client_gets =
                     to_client({.framing = "Content-Length: 2\r\n"
                                           "Set-Cookie: limpet=*; Path=/; SameSite=Lax; Secure; HttpOnly\r\n",
                                .body = "ok",
                                .has_cookie = false})}}};
}

}  // namespace

TEST_CASE("wire: a client that is not trusted says nothing of where it came from") {
  run_wire_cases(std::vector<WireCase>{
      removed("X-Forwarded-For is replaced", "X-Forwarded-For: 10.0.0.1\r\n"),
      removed("several X-Forwarded-For are replaced by one",
              "X-Forwarded-For: 10.0.0.1\r\nx-forwarded-for: 10.0.0.2, 10.0.0.3\r\n"),
      removed("X-Forwarded-Proto is replaced", "X-Forwarded-Proto: https\r\n"),
      removed("X-Forwarded-Host is replaced", "X-Forwarded-Host: evil.example\r\n"),
      removed("X-Forwarded-Port goes", "X-Forwarded-Port: 443\r\n"),
      removed("X-Forwarded-Prefix goes", "X-Forwarded-Prefix: /admin\r\n"),
      removed("an X-Forwarded-Something goes", "X-Forwarded-Client-Cert: x\r\n"),
      removed("Forwarded goes", "Forwarded: for=10.0.0.1;proto=https\r\n"),
      removed("X_Forwarded_For goes", "X_Forwarded_For: 10.0.0.1\r\n"),
      removed("X-Forwarded_For goes", "x-forwarded_for: 10.0.0.1\r\n"),
      removed("X_FORWARDED_PROTO goes", "X_FORWARDED_PROTO: https\r\n"),
      removed("X-Real-IP goes", "X-Real-IP: 10.0.0.1\r\n"),
      removed("X_Real_IP goes", "X_Real_IP: 10.0.0.1\r\n"),
      removed("a malformed X-Forwarded-For is replaced", "X-Forwarded-For: , ,[::1, \"x\"\r\n"),
      fields_to_backend("a field much like another passes", "X-Forwarde: 1\r\nXX-Forwarded-For: 2\r\n",
                        {.fields = "X-Forwarde: 1\r\nXX-Forwarded-For: 2\r\n"}),
  });
}

TEST_CASE("wire: what a trusted proxy says of its client is continued") {
  run_wire_cases(
      std::vector<WireCase>{
          removed("a trusted proxy that says nothing is the client", ""),
          fields_to_backend("X-Forwarded-For is continued", "X-Forwarded-For: 10.0.0.1\r\n",
                            {.forwarded_for = "10.0.0.1, 127.0.0.1"}),
          fields_to_backend(
              "several X-Forwarded-For become one",
              "X-Forwarded-For: 10.0.0.1\r\nX-A: 1\r\nx-forwarded-for: 10.0.0.2, 10.0.0.3\r\n",
              {.fields = "X-A: 1\r\n", .forwarded_for = "10.0.0.1, 10.0.0.2, 10.0.0.3, 127.0.0.1"}),
          removed("an empty X-Forwarded-For begins anew", "X-Forwarded-For:\r\n"),
          fields_to_backend("X-Forwarded-Proto http stays", "X-Forwarded-Proto: http\r\n", {}),
          over_tls("X-Forwarded-Proto https stays and makes the cookie Secure", "https"),
          over_tls("the last proxy's word on https counts", "http, https"),
          fields_to_backend("what stands left of it may be the client's own word and does not count",
                            "X-Forwarded-Proto: https, http\r\n", {.proto = "https, http"}),
          fields_to_backend("X-Forwarded-Host stays", "X-Forwarded-Host: public.example\r\n",
                            {.forwarded_host = "public.example"}),
          fields_to_backend("X-Forwarded-Port stays", "X-Forwarded-Port: 443\r\n", {.port = "443"}),
          fields_to_backend("Forwarded is continued", "Forwarded: for=10.0.0.1\r\n",
                            {.forwarded = "for=10.0.0.1, for=127.0.0.1"}),
          fields_to_backend("X-Real-IP stays", "X-Real-IP: 10.0.0.1\r\n",
                            {.fields = "X-Real-IP: 10.0.0.1\r\n"}),
          removed("X_Forwarded_For comes from no proxy and goes", "X_Forwarded_For: 10.0.0.1\r\n"),
          removed("X-Forwarded_Port comes from no proxy and goes", "X-Forwarded_Port: 443\r\n"),
          fields_to_backend("Connection does not remove what is continued",
                            "X-Forwarded-For: 10.0.0.1\r\nConnection: X-Forwarded-For\r\n",
                            {.forwarded_for = "10.0.0.1, 127.0.0.1"}),
      },
      {.adjust = trust_loopback});
}

TEST_CASE("wire: a backend is told the port its client came to, if that is known") {
  run_wire_cases(
      std::vector<WireCase>{
          fields_to_backend("the listener's", "", {.port = "8443"}),
          fields_to_backend("not the client's own word", "X-Forwarded-Port: 443\r\n", {.port = "8443"}),
      },
      {.listen = at_port_8443, .untold = {.port = "8443"}});
  run_wire_cases(
      std::vector<WireCase>{
          fields_to_backend("the listener's, where a trusted proxy says nothing", "", {.port = "8443"}),
          fields_to_backend("what a trusted proxy says", "X-Forwarded-Port: 443\r\n", {.port = "443"}),
          fields_to_backend("that, beside how the client came",
                            "X-Forwarded-Port: 80\r\nX-Forwarded-Proto: http\r\n", {.port = "80"}),
          fields_to_backend("none, where it only says how the client came", "X-Forwarded-Proto: http\r\n",
                            {}),
          fields_to_backend("none, where it says so by Forwarded", "Forwarded: for=10.0.0.1;proto=http\r\n",
                            {.forwarded = "for=10.0.0.1;proto=http, for=127.0.0.1"}),
      },
      {.adjust = trust_loopback, .listen = at_port_8443, .untold = {.port = "8443"}});
}

TEST_CASE("wire: Forwarded takes the place of X-Forwarded-* where it was asked for") {
  constexpr std::string_view kOurs = "for=127.0.0.1;host=example.com;proto=http";
  const BackendRequest untold{.forwarded = kOurs, .x_forwarded = false};
  run_wire_cases(
      std::vector<WireCase>{
          fields_to_backend("it names client, host and proto", "", untold),
          fields_to_backend(
              "and not what a client says of itself",
              "Forwarded: for=10.0.0.1;proto=https\r\nX-Forwarded-For: 10.0.0.2\r\n"
              "X-Forwarded-Host: evil.example\r\nX-Forwarded-Port: 1\r\nX-Real-IP: 10.0.0.3\r\n",
              untold),
      },
      {.adjust = says(settings::ForwardedHeaders::Rfc7239), .listen = at_port_8443, .untold = untold});
  const auto told = [](std::string_view forwarded) {
    return BackendRequest{.forwarded = forwarded, .x_forwarded = false};
  };
  run_wire_cases(
      std::vector<WireCase>{
          fields_to_backend("a trusted proxy's list is continued", "Forwarded: for=192.0.2.1\r\n",
                            told("for=192.0.2.1, for=127.0.0.1")),
          fields_to_backend("a client that it names otherwise begins one",
                            "X-Forwarded-For: 6.6.6.6, 192.0.2.1, 127.0.0.9\r\n"
                            "X-Forwarded-Host: public.example\r\n",
                            told("for=192.0.2.1;host=public.example;proto=http, for=127.0.0.1")),
          fields_to_backend("two lists that agree are one",
                            "X-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.1;proto=http\r\n",
                            told("for=192.0.2.1;proto=http, for=127.0.0.1")),
          fields_to_backend("two lists that disagree are none",
                            "X-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.2\r\n", told(kOurs)),
      },
      {.adjust =
           [](proxy::Snapshot& snapshot) {
             trust_loopback(snapshot);
             snapshot.forwarded = settings::ForwardedHeaders::Rfc7239;
           },
       .untold = untold});
}

TEST_CASE("wire: both ways of telling lead to the same client") {
  constexpr std::string_view kOurs = "for=127.0.0.1;host=example.com;proto=http";
  run_wire_cases(std::vector<WireCase>{fields_to_backend(
                     "for the client itself", "X-Forwarded-For: 10.0.0.1\r\n", {.forwarded = kOurs})},
                 {.adjust = says(settings::ForwardedHeaders::Both), .untold = {.forwarded = kOurs}});
}

TEST_CASE("wire: a backend that is to be told nothing is told nothing") {
  const BackendRequest nothing{.x_forwarded = false};
  run_wire_cases(
      std::vector<WireCase>{fields_to_backend("not even by a trusted proxy",
                                              "X-Forwarded-For: 10.0.0.1\r\nForwarded: for=10.0.0.1\r\n"
                                              "X-Forwarded-Prefix: /x\r\nX-Real-IP: 10.0.0.1\r\n",
                                              nothing)},
      {.adjust =
           [](proxy::Snapshot& snapshot) {
             trust_loopback(snapshot);
             snapshot.forwarded = settings::ForwardedHeaders::Off;
           },
       .listen = at_port_8443,
       .untold = nothing});
}
