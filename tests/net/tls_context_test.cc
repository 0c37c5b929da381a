#include <fstream>

#include "net/tls_engine.h"
#include "net/tls_names.h"
#include "tests/net/tls_rig.h"

using namespace limpet;
using namespace limpet::test;
using namespace std::chrono_literals;
using net::TlsFault;

namespace {

// What a connection from a TlsClient to a TlsServer comes to.
struct Meeting {
  net::UvLoop loop;
  std::shared_ptr<net::TlsCounts> counts = std::make_shared<net::TlsCounts>();

  net::TlsClientPtr client(net::TlsClientOptions options) const {
    auto made = net::TlsClient::load(options, counts);
    if (auto* const troubles = std::get_if<net::TlsTroubles>(&made)) {
      FAIL(troubles->front().detail);
    }
    return std::get<net::TlsClientPtr>(made);
  }

  // The fault on the client's side, or on the server's where that is the first to know.
  TlsFault meet(const net::TlsServerPtr& server, const net::TlsClientPtr& with) {
    auto [ours, theirs] = socket_pair();
    End left(net::TlsStream::accept(net::SocketStream::adopt(loop, std::move(ours)), server));
    End right(net::TlsStream::connect(net::SocketStream::adopt(loop, std::move(theirs)), with), true);
    REQUIRE(turns_until(loop, [&] { return right.is_open; }));
    if (right.connect_error != 0) {
      return right.stream->tls()->fault;
    }
    right.send("hello");
    REQUIRE(turns_until(loop, [&] { return left.got == "hello" || left.broken; }));
    subject = left.stream->tls()->client_subject;
    if (!left.broken) {
      left.send("and a ticket");
      REQUIRE(turns_until(loop, [&] { return right.got == "and a ticket"; }));
    }
    return left.stream->tls()->fault;
  }
  std::string subject;
};

std::string first_trouble(const net::TlsFiles& files) {
  const auto read = net::TlsCertificate::read(files);
  const auto* const troubles = std::get_if<net::TlsTroubles>(&read);
  return troubles == nullptr ? "" : troubles->front().detail;
}

}  // namespace

TEST_CASE("a backend is who it should be, or the fault says why not") {
  Pki pki;
  Pki stranger;
  Meeting meeting;
  const TestServer good{{.certificates = {pki.issue({.names = "DNS:app.test,DNS:*.w.test,IP:10.0.0.1"})}}};
  const TestServer late{
      {.certificates = {pki.issue({.names = "DNS:app.test", .from_s = -7200, .until_s = -60})}}};
  const TestServer alien{{.certificates = {stranger.issue({.names = "DNS:app.test"})}}};
  const auto expecting = [&](const char* name, bool verify = true) {
    return meeting.client({.verify = verify, .server_name = name, .ca = pki.ca_file(), .own = {}});
  };
  CHECK(meeting.meet(good.server, expecting("app.test")) == TlsFault::None);
  CHECK(meeting.meet(good.server, expecting("x.w.test")) == TlsFault::None);
  CHECK(meeting.meet(good.server, expecting("10.0.0.1")) == TlsFault::None);
  CHECK(meeting.meet(good.server, expecting("10.0.0.2")) == TlsFault::CertificateWrongName);
  CHECK(meeting.meet(good.server, expecting("other.test")) == TlsFault::CertificateWrongName);
  CHECK(meeting.meet(good.server, expecting("a.b.w.test")) == TlsFault::CertificateWrongName);
  CHECK(meeting.meet(late.server, expecting("app.test")) == TlsFault::CertificateExpired);
  CHECK(meeting.meet(alien.server, expecting("app.test")) == TlsFault::CertificateUnknownCa);
  CHECK(meeting.meet(alien.server, expecting("app.test", false)) == TlsFault::None);
  CHECK(meeting.meet(alien.server, meeting.client({.server_name = "app.test", .ca = {}, .own = {}})) ==
        TlsFault::CertificateUnknownCa);
}

TEST_CASE("a client certificate is asked for, verified and named") {
  Pki pki;
  Pki stranger;
  Meeting meeting;
  const TestServer server{
      {.certificates = {pki.issue({.names = "DNS:app.test"})}, .client_ca = pki.ca_file()}};
  const auto showing = [&](const net::TlsFiles& own) {
    return meeting.client({.server_name = "app.test", .ca = pki.ca_file(), .own = own});
  };
  CHECK(
      meeting.meet(server.server, showing(pki.issue({.names = {}, .common_name = "Ada, \r\nof \xc3\xa4"}))) ==
      TlsFault::None);
  CHECK(meeting.subject == "CN=Ada\\, \\0D\\0Aof \\C3\\83\\C2\\A4");
  CHECK(meeting.meet(server.server, showing({})) == TlsFault::CertificateMissing);
  CHECK(meeting.meet(server.server, showing(stranger.issue({}))) == TlsFault::CertificateUnknownCa);
  CHECK(meeting.meet(server.server, showing(pki.issue({.from_s = -7200, .until_s = -60}))) ==
        TlsFault::CertificateExpired);
}

TEST_CASE("a backend's session is resumed, unless clients must show themselves each time") {
  Pki pki;
  Meeting meeting;
  const bool asks = GENERATE(false, true);
  const net::TlsFiles own = pki.issue({});
  const TestServer server{{.certificates = {pki.issue({.names = "DNS:app.test"})},
                           .client_ca = asks ? pki.ca_file() : std::string()}};
  const auto client = meeting.client({.server_name = "app.test", .ca = pki.ca_file(), .own = own});
  for (int i = 0; i < 3; ++i) {
    CHECK(meeting.meet(server.server, client) == TlsFault::None);
  }
  CHECK(meeting.counts->handshakes == 3);
  CHECK(meeting.counts->resumed == (asks ? 0 : 2));
}

TEST_CASE("a ticket is good on another listener with the same keys") {
  Pki pki;
  Meeting meeting;
  const TestServer one{{.certificates = {pki.issue({.names = "DNS:app.test"})}}};
  auto made = net::TlsServer::load({.certificates = {pki.issue({.names = "DNS:app.test"})}}, one.shared);
  const auto client = meeting.client({.server_name = "app.test", .ca = pki.ca_file(), .own = {}});
  CHECK(meeting.meet(one.server, client) == TlsFault::None);
  CHECK(meeting.meet(std::get<net::TlsServerPtr>(made), client) == TlsFault::None);
  CHECK(meeting.counts->resumed == 1);
}

TEST_CASE("the certificate is that of the name, and of a kind that the client can read") {
  Pki pki;
  const TestServer server{{.certificates = {pki.issue({.names = "DNS:first.test"}),
                                            pki.issue({.names = "DNS:b.test,DNS:*.b.test"}),
                                            pki.issue({.names = "DNS:b.test", .rsa = true})}}};
  const auto shown = [&](const char* name, const char* signatures) {
    net::UvLoop loop;
    auto [ours, theirs] = socket_pair();
    End end(net::TlsStream::accept(net::SocketStream::adopt(loop, std::move(ours)), server.server));
    HandClient client(std::move(theirs), name);
    REQUIRE(SSL_set1_sigalgs_list(client.ssl(), signatures) == 1);
    REQUIRE(turns_until(loop, [&] {
      client.move();
      return SSL_is_init_finished(client.ssl()) == 1;
    }));
    X509* const certificate = SSL_get0_peer_certificate(client.ssl());
    const bool is_rsa = EVP_PKEY_get_base_id(X509_get0_pubkey(certificate)) == EVP_PKEY_RSA;
    const bool is_b = X509_check_host(certificate, "b.test", 0, 0, nullptr) == 1;
    return std::string(is_b ? "b" : "first") + (is_rsa ? " rsa" : " ec");
  };
  constexpr const char* kBoth = "ECDSA+SHA256:RSA-PSS+SHA256";
  CHECK(shown("first.test", kBoth) == "first ec");
  CHECK(shown("B.Test", kBoth) == "b ec");
  CHECK(shown("b.test", "RSA-PSS+SHA256") == "b rsa");
  CHECK(shown("x.b.test", kBoth) == "b ec");
  CHECK(shown("x.y.b.test", kBoth) == "first ec");
  CHECK(shown("nobody.test", kBoth) == "first ec");
  CHECK(shown(nullptr, kBoth) == "first ec");
}

TEST_CASE("names are found exactly first, then by their wildcard") {
  net::TlsNames names;
  names.add({"first.test"}, 1);
  names.add({"*.b.test", "b.test"}, 1);
  names.add({"x.b.test", "*.b.test"}, 2);
  using Set = net::TlsNames::Set;
  CHECK(names.find("B.test.") == Set{1});
  CHECK(names.find("x.b.test") == Set{2});
  CHECK(names.find("y.b.test") == Set{1, 2});
  for (const char* nobody : {"", ".", ".b.test", "a.y.b.test", "test", "*"}) {
    CHECK(names.find(nobody) == Set{0});
  }
}

TEST_CASE("the key of tickets changes every hour and opens for two more") {
  const Instant begin(1h);
  net::TlsTickets tickets(begin);
  const auto name = tickets.sealing(begin).name;
  CHECK(tickets.sealing(begin + 59min).name == name);
  CHECK(tickets.opening(name, begin + 59min)->is_newest);
  CHECK(tickets.sealing(begin + 60min).name != name);
  CHECK_FALSE(tickets.opening(name, begin + 179min)->is_newest);
  CHECK_FALSE(tickets.opening(name, begin + 180min).has_value());
  CHECK(tickets.sealing(begin + 1000h).name != name);
}

TEST_CASE("keys of tickets that are handed on open what they have sealed, and change when they would have") {
  const Instant begin(1h);
  net::TlsTickets tickets(begin);
  const auto first = tickets.sealing(begin).name;
  const auto second = tickets.sealing(begin + 70min).name;
  const std::string saved = tickets.save(begin + 80min);
  const Instant later(7h);  // another clock
  net::TlsTickets next(later);
  const auto own = next.sealing(later).name;
  CHECK_FALSE(next.restore(saved + '\0', later));
  CHECK_FALSE(next.restore(std::string_view(saved).substr(1), later));
  CHECK_FALSE(next.restore(std::string(saved.size(), '\0'), later));
  CHECK(next.sealing(later).name == own);
  REQUIRE(next.restore(saved, later));
  CHECK(next.sealing(later + 39min).name == second);
  CHECK(next.opening(first, later)->key.cipher == tickets.opening(first, begin + 80min)->key.cipher);
  CHECK_FALSE(next.opening(own, later).has_value());
  CHECK(next.sealing(later + 41min).name != second);
}

TEST_CASE("what is wrong with files is told with its remedy") {
  Pki pki;
  const net::TlsFiles good = pki.issue({.names = "DNS:a.test"});
  const net::TlsFiles other = pki.issue({});
  std::ofstream(pki.path("junk.pem")) << "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  CHECK(first_trouble(good).empty());
  CHECK(first_trouble({pki.path("no.pem"), good.key}).starts_with("cannot open "));
  CHECK(first_trouble({pki.path("junk.pem"), good.key}).ends_with("or a damaged one"));
  CHECK(first_trouble({good.key, good.key}).find("holds no certificate") != std::string::npos);
  CHECK(first_trouble({good.certificate, good.certificate}).find("holds no private key") !=
        std::string::npos);
  CHECK(first_trouble({good.certificate, other.key}).find("is not the key of the certificate") !=
        std::string::npos);
  CHECK(first_trouble({good.certificate, "/tmp"}).ends_with("is not a regular file"));
}
