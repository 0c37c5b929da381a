// A TlsStream behind the handshake of the library, whose object is gone: what any client of TLS 1.3 does with
// it.
#include <algorithm>

#include "net/tls_engine.h"
#include "net/tls_records.h"
#include "tests/net/tls_rig.h"

using namespace limpet;
using namespace limpet::test;

namespace {

struct Rig {
  explicit Rig(const net::TlsServerOptions& options) : server(options) { connect(); }
  void connect() {
    auto [ours, theirs] = socket_pair();
    end = std::make_unique<End>(
        net::TlsStream::accept(net::SocketStream::adopt(loop, std::move(ours)), server.server));
    client = std::make_unique<HandClient>(std::move(theirs));
  }
  [[nodiscard]] SSL* ssl() const { return client->ssl(); }
  void shake_hands() {
    const std::uint64_t before = server.shared.counts->handshakes;
    REQUIRE(turns_until(loop, [&] {
      heard += client->move();
      return server.shared.counts->handshakes == before + 1;
    }));
  }
  // Until the server's end has got so much, and the client.
  bool arrives(const std::string& at_server, const std::string& at_client) {
    return turns_until(loop, [&] {
      heard += client->move();
      return end->got == at_server && heard == at_client;
    });
  }
  bool breaks() {
    return turns_until(loop, [&] {
      client->move();
      return end->broken;
    });
  }

  net::UvLoop loop;
  TestServer server;
  std::unique_ptr<End> end;
  std::unique_ptr<HandClient> client;
  std::string heard;
};

struct Site {
  Pki pki;
  net::TlsServerOptions options{.certificates = {pki.issue({.names = "DNS:a.test"})}};
};

}  // namespace

TEST_CASE("each suite of TLS 1.3 goes on, and TLS 1.2 with the library") {
  const std::string suite =
      GENERATE("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "");
  Site site;
  Rig rig(site.options);
  if (suite.empty()) {
    SSL_set_max_proto_version(rig.ssl(), TLS1_2_VERSION);
  } else {
    SSL_set_ciphersuites(rig.ssl(), suite.c_str());
  }
  rig.shake_hands();
  CHECK((suite.empty() || SSL_get_cipher(rig.ssl()) == suite));
  std::string there;
  std::string back;
  for (const std::size_t size : {1U, 125U, 20'000U, 100'000U}) {
    const std::string text(size, static_cast<char>('a' + size % 7));
    there += text;
    back += text + "!";
    rig.client->say(text);
    rig.end->send(text + "!");
    REQUIRE(rig.arrives(there, back));
  }
}

TEST_CASE("a ticket that came before is good, and another one comes each time") {
  Site site;
  Rig rig(site.options);
  SSL_SESSION* ticket = nullptr;
  for (int round = 0; round < 3; ++round) {
    if (ticket != nullptr) {
      SSL_set_session(rig.ssl(), ticket);
      SSL_SESSION_free(ticket);
    }
    rig.shake_hands();
    rig.client->say("hello");
    rig.end->send("you too");
    REQUIRE(rig.arrives("hello", "you too"));
    CHECK(SSL_session_reused(rig.ssl()) == (round > 0 ? 1 : 0));
    ticket = SSL_get1_session(rig.ssl());
    CHECK(SSL_SESSION_has_ticket(ticket) == 1);
    rig.heard.clear();
    SSL_set_shutdown(rig.ssl(), SSL_SENT_SHUTDOWN);  // else its session counts as a bad one
    rig.connect();
  }
  SSL_SESSION_free(ticket);
}

TEST_CASE("what the client says in the packet of its Finished is read") {
  Site site;
  Rig rig(site.options);
  REQUIRE(turns_until(rig.loop, [&] {
    rig.client->move(0);  // takes the server's flight, and says nothing yet
    return SSL_is_init_finished(rig.ssl()) == 1 || (rig.client->move(), SSL_is_init_finished(rig.ssl()) == 1);
  }));
  rig.client->say("at once");
  rig.client->say(", and more");
  CHECK(rig.arrives("at once, and more", ""));
}

TEST_CASE("a client changes its keys, and has ours changed, as often as it likes between its words") {
  Site site;
  Rig rig(site.options);
  rig.shake_hands();
  std::string there;
  std::string back;
  for (int round = 0; round < 100; ++round) {
    REQUIRE(SSL_key_update(rig.ssl(),
                           round % 2 == 0 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
    rig.client->say("word ");
    rig.end->send("answer ");
    there += "word ";
    back += "answer ";
    REQUIRE(rig.arrives(there, back));
  }
}

TEST_CASE("key changes without a word in between are borne for a while") {
  Site site;
  Rig rig(site.options);
  rig.shake_hands();
  for (int i = 0; i <= net::TlsRecords::kMostEmpty; ++i) {
    CHECK_FALSE(rig.end->broken);
    REQUIRE(SSL_key_update(rig.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
    SSL_do_handshake(rig.ssl());
    rig.client->move();
    rig.loop.turn();
  }
  CHECK(alert_told(rig.loop, *rig.client).find("unexpected message") != std::string::npos);
  CHECK(rig.breaks());
}

TEST_CASE("records that are padded, or short, are read") {
  Site site;
  Rig rig(site.options);
  SSL_set_block_padding(rig.ssl(), GENERATE(1U, 512U, 4096U));
  SSL_set_max_send_fragment(rig.ssl(), 512);
  rig.shake_hands();
  const std::string text(10'000, 'p');
  rig.client->say(text);
  CHECK(rig.arrives(text, ""));
}

TEST_CASE("a record is read by an owner with little room") {
  Site site;
  Rig rig(site.options);
  rig.shake_hands();
  rig.end->most_a_read = GENERATE(1U, 7U, 16'384U, 16'385U, 20'000U);
  const std::string text(40'000, 'r');
  rig.client->say(text);
  CHECK(rig.arrives(text, ""));
}

TEST_CASE("a byte that is changed on its way breaks the connection, and the client is told") {
  Site site;
  Rig rig(site.options);
  rig.shake_hands();
  rig.client->say("hello");
  char sealed[100];
  const int size = BIO_read(SSL_get_wbio(rig.ssl()), sealed, sizeof(sealed));
  REQUIRE(size > 20);
  sealed[10] ^= 1;
  rig.client->send_raw({sealed, static_cast<std::size_t>(size)});
  CHECK(alert_told(rig.loop, *rig.client).find("bad record mac") != std::string::npos);
  CHECK(rig.breaks());
  CHECK(rig.end->got.empty());
  CHECK(rig.end->stream->tls()->detail == "decryption failed or bad record mac");
}

TEST_CASE("what comes behind the client's end is not looked at") {
  Site site;
  Rig rig(site.options);
  rig.shake_hands();
  rig.client->say("the last");
  SSL_shutdown(rig.ssl());
  rig.client->move();
  rig.client->send_raw("garbage behind it");
  REQUIRE(turns_until(rig.loop, [&] { return rig.end->ended; }));
  CHECK(rig.end->got == "the last");
  rig.end->send("still heard");
  CHECK(rig.arrives("the last", "still heard"));
}

TEST_CASE("a client with a certificate is known when the library is gone") {
  Pki pki;
  Rig rig({.certificates = {pki.issue({.names = "DNS:a.test"})}, .client_ca = pki.ca_file()});
  const auto files = pki.issue({.names = "DNS:client.test"});
  REQUIRE(SSL_use_certificate_chain_file(rig.ssl(), files.certificate.c_str()) == 1);
  REQUIRE(SSL_use_PrivateKey_file(rig.ssl(), files.key.c_str(), SSL_FILETYPE_PEM) == 1);
  rig.shake_hands();
  rig.client->say("hello");
  rig.end->send("you too");
  CHECK(rig.arrives("hello", "you too"));
  CHECK_FALSE(rig.end->stream->tls()->client_subject.empty());
}

namespace {

// The library words it otherwise.
bool is_taken_over(Rig& rig) {
  rig.client->send_raw(std::string_view("\x17\x03\x03\0\x05hello", 10));
  return rig.breaks() && rig.end->stream->tls()->detail == "a record is too short";
}

}  // namespace

TEST_CASE("whichever way a handshake goes, the library tells both secrets and its object goes") {
  Pki pki;
  const auto own = pki.issue({.names = "DNS:client.test"});
  const std::string way = GENERATE("usual", "another name", "hello again", "no middlebox", "certificate");
  INFO(way);
  Rig rig({.certificates = {pki.issue({.names = "DNS:a.test"}), pki.issue({.names = "DNS:b.test"})},
           .client_ca = way == "certificate" ? pki.ca_file() : std::string()});
  if (way == "another name") {
    SSL_ctrl(rig.ssl(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>("b.test"));
  } else if (way ==
             "hello again") {  // a key of a group that we do not have is sent, and another one asked for
    REQUIRE(SSL_set1_groups_list(rig.ssl(), "X448:P-256") == 1);
  } else if (way == "no middlebox") {  // no change of ciphers for show
    SSL_clear_options(rig.ssl(), SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
  } else if (way == "certificate") {
    REQUIRE(SSL_use_certificate_chain_file(rig.ssl(), own.certificate.c_str()) == 1);
    REQUIRE(SSL_use_PrivateKey_file(rig.ssl(), own.key.c_str(), SSL_FILETYPE_PEM) == 1);
  }
  rig.shake_hands();
  CHECK(is_taken_over(rig));
}

TEST_CASE("a resumed handshake, and one in the middle of which others come, are taken over as well") {
  Site site;
  Rig rig(site.options);
  auto slow_end = std::move(rig.end);
  auto slow_client = std::move(rig.client);
  slow_client->move();
  rig.loop.turn();  // its first flight is answered

  rig.connect();
  rig.shake_hands();
  rig.end->send("a ticket and this");
  REQUIRE(rig.arrives("", "a ticket and this"));
  SSL_SESSION* const ticket = SSL_get1_session(rig.ssl());
  SSL_set_shutdown(rig.ssl(), SSL_SENT_SHUTDOWN);  // else its session counts as a bad one
  rig.connect();
  SSL_set_session(rig.ssl(), ticket);
  SSL_SESSION_free(ticket);
  rig.shake_hands();
  CHECK(SSL_session_reused(rig.ssl()) == 1);
  CHECK(is_taken_over(rig));

  rig.end = std::move(slow_end);
  rig.client = std::move(slow_client);
  rig.shake_hands();
  CHECK(is_taken_over(rig));
}
