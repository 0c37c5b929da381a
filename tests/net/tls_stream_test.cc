#include "net/tls_stream.h"

#include <algorithm>

#include "net/tls_engine.h"
#include "tests/net/tls_rig.h"

using namespace limpet;
using namespace limpet::test;
using net::TlsFault;

namespace {

struct Rig {
  Pki pki;
  TestServer server{{.certificates = {pki.issue({.names = "DNS:a.test"})}}};
  net::UvLoop loop;
  std::unique_ptr<End> end;
  std::unique_ptr<HandClient> client;

  explicit Rig(const char* server_name = "a.test") {
    auto [ours, theirs] = socket_pair();
    end = std::make_unique<End>(
        net::TlsStream::accept(net::SocketStream::adopt(loop, std::move(ours)), server.server));
    client = std::make_unique<HandClient>(std::move(theirs), server_name);
  }
  bool shakes_hands(std::size_t most = 1 << 20) {
    return turns_until(loop, [&] {
      client->move(most);
      return server.shared.counts->handshakes == 1;
    });
  }
};

}  // namespace

TEST_CASE("a handshake and a message arrive whole or byte by byte") {
  const auto most = GENERATE(std::size_t{1 << 20}, std::size_t{1});
  Rig rig;
  REQUIRE(rig.shakes_hands(most));
  rig.client->say("hello");
  std::string answer;
  CHECK(turns_until(rig.loop, [&] {
    answer += rig.client->move(most);
    if (rig.end->got == "hello" && answer.empty()) {
      rig.end->send("you too");
    }
    return answer.starts_with("you too");
  }));
  CHECK(rig.end->got == "hello");
}

TEST_CASE("what comes with the last words of the handshake is told without another packet") {
  Rig rig;
  REQUIRE(turns_until(rig.loop, [&] {
    if (SSL_is_init_finished(rig.client->ssl()) == 0) {
      char bytes[8192];
      const ssize_t size = ::recv(rig.client->fd(), bytes, sizeof(bytes), 0);
      if (size > 0) {
        BIO_write(SSL_get_rbio(rig.client->ssl()), bytes, static_cast<int>(size));
      }
      if (SSL_do_handshake(rig.client->ssl()) == 1) {
        rig.client->say("at once");
      }
      rig.client->move();
    }
    return rig.end->got == "at once";
  }));
}

TEST_CASE("a record that does not fit a read is told again without an event of the kernel") {
  Rig rig;
  REQUIRE(rig.shakes_hands());
  const std::string bytes = pattern(40'000);
  rig.end->most_a_read = 1000;
  rig.client->say(bytes);
  rig.client->move();
  CHECK(turns_until(rig.loop, [&] { return rig.end->got.size() == bytes.size(); }));
  CHECK(rig.end->got == bytes);
  CHECK(rig.end->reads >= 40);
}

TEST_CASE("one read takes as many records as there are") {
  Rig rig;
  REQUIRE(rig.shakes_hands());
  const std::string bytes = pattern(100'000);
  rig.end->stream->watch(false, false);
  rig.client->say(bytes);
  rig.client->move();
  rig.end->reads = 0;
  rig.end->stream->watch(true, false);
  CHECK(turns_until(rig.loop, [&] { return rig.end->got.size() == bytes.size(); }));
  CHECK(rig.end->got == bytes);
  CHECK(rig.end->reads <= 2);
}

TEST_CASE("an end that was said is an end; a bare FIN and a cut are not") {
  const auto how = GENERATE(0, 1, 2);
  Rig rig;
  REQUIRE(rig.shakes_hands());
  rig.client->say("last");
  if (how == 0) {
    SSL_shutdown(rig.client->ssl());
  }
  rig.client->move();
  if (how == 1) {
    ::shutdown(rig.client->fd(), SHUT_WR);
  } else if (how == 2) {
    // Half a record.
    rig.client->say("never seen whole");
    rig.client->move(10);
    rig.client->close();
  }
  REQUIRE(turns_until(rig.loop, [&] { return rig.end->ended || rig.end->broken; }));
  CHECK(rig.end->got == "last");
  CHECK(rig.end->ended == (how == 0));
  CHECK(rig.end->error == (how == 0 ? 0 : net::kEndUnsaid));
}

TEST_CASE("our end is said, and what the client still sends is read") {
  Rig rig;
  REQUIRE(rig.shakes_hands());
  const auto last = GENERATE(false, true);
  if (last) {
    CHECK(rig.end->stream->write_last(bytes_of("bye")).bytes == 3);
  } else {
    rig.end->send("bye");
    rig.end->stream->shutdown_write();
  }
  CHECK(rig.client->move() == "bye");
  CHECK((SSL_get_shutdown(rig.client->ssl()) & SSL_RECEIVED_SHUTDOWN) != 0);
  rig.client->say("one more");
  rig.client->move();
  CHECK(turns_until(rig.loop, [&] { return rig.end->got == "one more"; }));
}

TEST_CASE("a close in good order says the end; one that is to be a reset does not") {
  const auto resets = GENERATE(false, true);
  Rig rig;
  REQUIRE(rig.shakes_hands());
  if (resets) {
    rig.end->stream->reset_on_close();
  }
  rig.end->stream.reset();
  rig.client->move();
  CHECK(((SSL_get_shutdown(rig.client->ssl()) & SSL_RECEIVED_SHUTDOWN) != 0) == !resets);
}

TEST_CASE("a client that asks for a new handshake gets none") {
  Rig rig;
  SSL_set_max_proto_version(rig.client->ssl(), TLS1_2_VERSION);
  REQUIRE(rig.shakes_hands());
  rig.client->move();
  SSL_renegotiate(rig.client->ssl());
  SSL_do_handshake(rig.client->ssl());
  rig.client->move();
  for (int i = 0; i < 5; ++i) {
    rig.loop.turn();
    rig.client->move();
  }
  CHECK(rig.server.shared.counts->handshakes == 1);
}

TEST_CASE("what cannot become a handshake fails with its word") {
  struct Case {
    std::string raw;  // sent instead of a handshake; empty = `version`
    int version;
    TlsFault fault;
  };
  const auto wrong = GENERATE(Case{"\x16\x03\x01\xff\xff garbage", 0, TlsFault::NotTls},
                              Case{std::string("\0\1\2\3\4\5\6\7\x8\x9\xa\xb\xc", 13), 0, TlsFault::NotTls},
                              Case{std::string("\x16\x03\1\0\5\1\0\0\1\x99", 10), 0, TlsFault::NotTls},
                              Case{"", TLS1_1_VERSION, TlsFault::NoSharedVersion});
  Rig rig;
  if (wrong.raw.empty()) {
    SSL_set_min_proto_version(rig.client->ssl(), TLS1_VERSION);
    SSL_set_max_proto_version(rig.client->ssl(), wrong.version);
    rig.client->move();
  } else {
    rig.client->send_raw(wrong.raw);
  }
  REQUIRE(turns_until(rig.loop, [&] { return rig.end->broken; }));
  CHECK(net::word(rig.end->stream->tls()->fault) == net::word(wrong.fault));
  CHECK(rig.server.faults(wrong.fault) == 1);
}

TEST_CASE("whoever closes in the middle of a handshake is told apart") {
  const auto bytes = GENERATE(std::size_t{0}, std::size_t{20});
  Rig rig;
  rig.client->move(bytes);
  rig.client->close();
  REQUIRE(turns_until(rig.loop, [&] { return rig.end->broken; }));
  CHECK(rig.end->stream->tls()->fault == TlsFault::EarlyClose);
}

TEST_CASE("a request in plain text can be read and answered in plain text") {
  Rig rig;
  rig.client->send_raw("GET / HTTP/1.1\r\n\r\n");
  REQUIRE(turns_until(rig.loop, [&] { return !rig.end->got.empty(); }));
  CHECK(rig.end->got == "GET / HTTP/1.1\r\n\r\n");
  CHECK(rig.end->stream->tls()->fault == TlsFault::PlainText);
  rig.end->send("HTTP/1.1 400 Bad Request\r\n\r\n");
  char answer[64];
  CHECK(::recv(rig.client->fd(), answer, sizeof(answer), 0) == 28);
}

TEST_CASE("nothing but http/1.1 is agreed on") {
  Rig rig;
  SECTION("where it is offered") {
    SSL_set_alpn_protos(rig.client->ssl(), reinterpret_cast<const unsigned char*>("\x02h2\x08http/1.1"), 12);
    REQUIRE(rig.shakes_hands());
    const unsigned char* chosen = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(rig.client->ssl(), &chosen, &size);
    CHECK(std::string_view(reinterpret_cast<const char*>(chosen), size) == "http/1.1");
  }
  SECTION("and else nothing is") {
    SSL_set_alpn_protos(rig.client->ssl(), reinterpret_cast<const unsigned char*>("\x02h2"), 3);
    rig.client->move();
    REQUIRE(turns_until(rig.loop, [&] { return rig.end->broken; }));
    CHECK(rig.end->stream->tls()->fault == TlsFault::NoSharedProtocol);
  }
}

TEST_CASE("a client too slow for its owner has run out of time") {
  const auto bytes = GENERATE(std::size_t{0}, std::size_t{20});
  Rig rig;
  rig.client->move(bytes);
  REQUIRE(turns_until(rig.loop, [&] { return rig.loop.turns() > 3; }));
  CHECK(rig.end->stream->write(bytes_of("HTTP/1.1 408")).status == net::IoStatus::Broken);
  rig.end->stream.reset();
  CHECK(rig.server.faults(TlsFault::Timeout) == 1);
}

TEST_CASE("megabytes pass both ways through small socket buffers, whole and in order") {
  Pki pki;
  TestServer server{{.certificates = {pki.issue({.names = "DNS:a.test"})}}};
  const auto counts = std::make_shared<net::TlsCounts>();
  const auto made = net::TlsClient::load({.server_name = "a.test", .ca = pki.ca_file(), .own = {}}, counts);
  net::UvLoop loop;
  auto [ours, theirs] = socket_pair(8 * 1024);
  End left(net::TlsStream::accept(net::SocketStream::adopt(loop, std::move(ours)), server.server));
  End right(net::TlsStream::connect(net::SocketStream::adopt(loop, std::move(theirs)),
                                    std::get<net::TlsClientPtr>(made)),
            true);
  REQUIRE(turns_until(loop, [&] { return right.is_open && server.shared.counts->handshakes == 1; }));
  REQUIRE(right.connect_error == 0);
  const std::string bytes = pattern(3'000'000);
  std::size_t sent_left = 0;
  std::size_t sent_right = 0;
  left.most_a_read = 70'000;
  right.most_a_read = 3'000;
  // As a relay does: the next piece when the one before has gone.
  const auto feed = [&bytes](End& end, std::size_t& sent, std::size_t piece) {
    if (end.out.empty() && sent < bytes.size()) {
      const std::size_t size = std::min(piece, bytes.size() - sent);
      end.send(std::string_view(bytes).substr(sent, size));
      sent += size;
    }
  };
  CHECK(turns_until(loop, [&] {
    feed(left, sent_left, 300'000);
    feed(right, sent_right, 1'234);
    return left.got.size() == bytes.size() && right.got.size() == bytes.size();
  }));
  CHECK((left.got == bytes && right.got == bytes));
  left.stream->shutdown_write();
  CHECK(turns_until(loop, [&] { return right.ended; }));
}

// RSA, so that a turn does one or two of them.
struct Storm {
  static constexpr std::size_t kClients = 60;
  Pki pki;
  TestServer server{{.certificates = {pki.issue({.names = "DNS:a.test", .rsa = true})}}};
  net::UvLoop loop;
  std::vector<std::unique_ptr<End>> ends;
  std::vector<std::unique_ptr<HandClient>> clients;

  Storm() {
    for (std::size_t i = 0; i < kClients; ++i) {
      auto [ours, theirs] = socket_pair();
      ends.push_back(std::make_unique<End>(
          net::TlsStream::accept(net::SocketStream::adopt(loop, std::move(ours)), server.server)));
      clients.push_back(std::make_unique<HandClient>(std::move(theirs)));
      clients.back()->move();
    }
  }
  [[nodiscard]] std::size_t done() const { return server.shared.counts->handshakes; }
  void move_all() {
    for (const auto& client : clients) {
      client->move();
    }
  }
};

TEST_CASE("handshakes of a storm are spread over turns, and each is done") {
  Storm storm;
  // The hellos are all there: no turn answers all of them.
  storm.loop.turn();
  storm.loop.turn();
  std::size_t answered = 0;
  for (const auto& client : storm.clients) {
    char byte = 0;
    answered += ::recv(client->fd(), &byte, 1, MSG_PEEK) == 1 ? 1U : 0U;
  }
  CHECK(answered >= 1);
  CHECK(answered < Storm::kClients);
  CHECK(turns_until(storm.loop, [&] {
    storm.move_all();
    return storm.done() == Storm::kClients;
  }));
}

// Were everybody answered once before anybody gets in, a storm that takes longer than the deadline of a
// handshake would let nobody in at all.
TEST_CASE("in a storm those who have begun get in before all others have begun") {
  Storm storm;
  REQUIRE(turns_until(storm.loop, [&] {
    storm.move_all();
    return storm.done() >= Storm::kClients / 4;
  }));
  const auto begun = std::ranges::count_if(
      storm.clients, [](const auto& client) { return SSL_get_state(client->ssl()) != TLS_ST_CW_CLNT_HELLO; });
  CHECK(begun < static_cast<std::ptrdiff_t>(Storm::kClients));
}
