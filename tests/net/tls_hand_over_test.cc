// A TlsStream that has handed its sealing over: to a stand-in, and to the kernel where that seals.
#include <netinet/in.h>

#include <algorithm>
#include <cstdlib>

#include "net/tls_engine.h"
#include "net/tls_records.h"
#include "tests/net/stand_in_sealer.h"
#include "tests/net/tls_rig.h"

using namespace limpet;
using namespace limpet::test;

namespace {

enum class Below { StandIn, Kernel };

const net::KernelTls kAll(net::KernelTlsTrial{.attach = 0, .seal = {}, .seal_next = {}});

const net::KernelTls& this_kernel() {
  static const net::KernelTls kernel(net::try_kernel_tls());
  return kernel;
}

std::vector<Below> all_below() {
  std::vector<Below> all{Below::StandIn};
  const bool is_used = this_kernel().use(true) == net::KernelTlsUse::Used;
  const char* const word = std::getenv("LIMPET_TEST_KERNEL_TLS");  // whoever says so is held to it
  REQUIRE((is_used || word == nullptr || std::string_view(word) != "used"));
  if (is_used) {
    all.push_back(Below::Kernel);
  }
  return all;
}

std::pair<net::Fd, net::Fd> tcp_pair(int buffer) {
  const net::Fd listener(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(::bind(listener.get(), any, size) == 0);
  REQUIRE(::listen(listener.get(), 1) == 0);
  REQUIRE(::getsockname(listener.get(), any, &size) == 0);
  net::Fd theirs(::socket(AF_INET, SOCK_STREAM, 0));
  if (buffer != 0) {
    ::setsockopt(theirs.get(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
  }
  REQUIRE(::connect(theirs.get(), any, size) == 0);
  net::Fd ours(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK));
  REQUIRE(ours.valid());
  if (buffer != 0) {
    ::setsockopt(ours.get(), SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
  }
  REQUIRE(::fcntl(theirs.get(), F_SETFL, O_NONBLOCK) == 0);
  return {std::move(ours), std::move(theirs)};
}

constexpr std::size_t kMega = std::size_t{1} << 20U;
constexpr std::size_t kMuch = std::size_t{64} * 1024;

struct Rig {
  explicit Rig(Below below, bool is_allowed = true, const char* suite = nullptr, int buffer = 0)
      : server({.certificates = {pki.issue({.names = "DNS:a.test"})}, .kernel_tls = is_allowed},
               below == Below::Kernel ? this_kernel() : kAll) {
    auto [ours, theirs] = below == Below::Kernel ? tcp_pair(buffer) : socket_pair(buffer);
    auto socket = net::SocketStream::adopt(loop, std::move(ours));
    if (below == Below::StandIn) {
      socket = SealingStream::over(std::move(socket), orders);
    }
    end = std::make_unique<End>(net::TlsStream::accept(std::move(socket), server.server));
    client = std::make_unique<HandClient>(std::move(theirs));
    if (suite != nullptr) {
      SSL_set_ciphersuites(client->ssl(), suite);
    }
    REQUIRE(turns_until(loop, [&] {
      heard += client->move();
      return server.shared.counts->handshakes == 1;
    }));
  }
  [[nodiscard]] SSL* ssl() const { return client->ssl(); }
  [[nodiscard]] std::uint64_t handed_over() const { return server.shared.counts->handed_over.load(); }

  // So much more of the pattern, by so much a time, until the client has it.
  bool sends(std::size_t bytes, std::size_t each) {
    const std::size_t until = sent + bytes;
    return turns_until(loop,
                       [&] {
                         heard += client->move();
                         while (sent < until && end->out.empty() && !end->broken) {
                           const std::size_t size = std::min(each, until - sent);
                           end->send(pattern(size, sent));
                           sent += size;
                         }
                         return heard.size() == until || end->broken;
                       }) &&
           is_as_sent();
  }
  // And so much that something waits.
  void fill() {
    while (end->out.empty()) {
      end->send(pattern(kMuch, sent));
      sent += kMuch;
    }
  }
  [[nodiscard]] bool is_as_sent() const { return heard == pattern(sent); }
  bool breaks() {
    return turns_until(loop, [&] {
      client->move();
      return end->broken;
    });
  }

  Pki pki;
  net::UvLoop loop;
  StandInSealer::Orders orders;
  TestServer server;
  std::unique_ptr<End> end;
  std::unique_ptr<HandClient> client;
  std::string heard;
  std::size_t sent = 0;
};

// Connected, and handed over.
std::unique_ptr<Rig> handed_over(Below below, int buffer = 0) {
  auto rig = std::make_unique<Rig>(below, true, nullptr, buffer);
  REQUIRE(rig->sends(kMega, kMuch));
  REQUIRE(rig->handed_over() == 1);
  return rig;
}

}  // namespace

TEST_CASE("what is sent much at a time is handed over, in each suite, and arrives", "[hand-over]") {
  const auto below = GENERATE(from_range(all_below()));
  const auto* const suite =
      GENERATE("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256");
  Rig rig(below, true, suite);
  CHECK(rig.sends(kMega - kMuch, kMuch));
  CHECK(rig.handed_over() == 0);
  CHECK(rig.sends(kMuch, kMuch));
  const bool has_suite =
      below == Below::StandIn || this_kernel().seals(*net::tls_suite_of(static_cast<std::uint16_t>(
                                     SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(rig.ssl())))));
  CHECK(rig.handed_over() == (has_suite ? 1 : 0));
  CHECK(rig.sends(3 * kMega, kMuch));
  CHECK(rig.sends(20'000, 125));
  CHECK(rig.sends(200'000, 16'385));
  CHECK(rig.handed_over() == (has_suite ? 1 : 0));
  rig.client->say("and the way back");
  rig.client->move();
  CHECK(turns_until(rig.loop, [&] { return rig.end->got == "and the way back"; }));
}

TEST_CASE("short messages are not handed over, nor anything where it is switched off", "[hand-over]") {
  const bool is_allowed = GENERATE(true, false);
  Rig rig(Below::StandIn, is_allowed);
  CHECK(rig.sends(2 * kMega, is_allowed ? 4096 : kMuch));
  CHECK(rig.handed_over() == 0);
}

TEST_CASE("a kernel without the suite is left alone, and so is the client of TLS 1.2", "[hand-over]") {
  Rig rig(Below::StandIn);
  TestServer without({.certificates = {rig.pki.issue({.names = "DNS:a.test"})}}, net::KernelTls());
  const bool is_old = GENERATE(true, false);
  auto [ours, theirs] = socket_pair();
  rig.end = std::make_unique<End>(net::TlsStream::accept(
      SealingStream::over(net::SocketStream::adopt(rig.loop, std::move(ours)), rig.orders),
      is_old ? rig.server.server : without.server));
  rig.client = std::make_unique<HandClient>(std::move(theirs));
  if (is_old) {
    SSL_set_max_proto_version(rig.ssl(), TLS1_2_VERSION);
  }
  CHECK(turns_until(rig.loop, [&] {
    rig.client->move();
    return (is_old ? rig.server : without).shared.counts->handshakes == (is_old ? 2 : 1);
  }));
  CHECK(SSL_version(rig.ssl()) == (is_old ? TLS1_2_VERSION : TLS1_3_VERSION));
  CHECK(rig.sends(2 * kMega, kMuch));
  CHECK(rig.handed_over() + without.shared.counts->handed_over == 0);
}

TEST_CASE("a client has our key changed behind a hand-over, time and again", "[hand-over]") {
  const auto rig = handed_over(GENERATE(from_range(all_below())));
  for (int round = 1; round <= 5; ++round) {
    REQUIRE(SSL_key_update(rig->ssl(), SSL_KEY_UPDATE_REQUESTED) == 1);
    rig->client->say("x");
    rig->client->move();
    REQUIRE(turns_until(rig->loop, [&] { return rig->end->got.size() == static_cast<std::size_t>(round); }));
    CHECK(rig->sends(300'000, kMuch));
    CHECK(rig->sends(1000, 125));
    CHECK(rig->client->key_updates() == round);
  }
  CHECK_FALSE(rig->end->broken);
}

TEST_CASE("a key that is asked for while the client does not read goes before the next word", "[hand-over]") {
  const auto below = GENERATE(from_range(all_below()));
  const auto rig = handed_over(below, 8192);
  rig->fill();
  REQUIRE(SSL_key_update(rig->ssl(), SSL_KEY_UPDATE_REQUESTED) == 1);
  SSL_do_handshake(rig->ssl());
  char sealed[100];
  const int size = BIO_read(SSL_get_wbio(rig->ssl()), sealed, sizeof(sealed));
  REQUIRE(size > 0);
  rig->client->send_raw({sealed, static_cast<std::size_t>(size)});
  for (int i = 0; i < 3; ++i) {
    rig->loop.turn();
  }
  CHECK(rig->sends(kMega, kMuch));
  CHECK(rig->client->key_updates() == 1);
}

TEST_CASE("an end behind much that waits cuts nothing, and is said", "[hand-over]") {
  const auto below = GENERATE(from_range(all_below()));
  const auto last = GENERATE(false, true);
  const auto rig = handed_over(below, GENERATE(8192, 50'000, 0));
  rig->fill();
  std::string bye = last ? pattern(100, rig->sent) : "";
  rig->sent += bye.size();
  bool is_over = false;
  REQUIRE(turns_until(rig->loop, [&] {
    rig->heard += rig->client->move();
    if (rig->end->out.empty() && !is_over) {
      if (bye.empty()) {
        rig->end->stream->shutdown_write();
      } else {
        bye.erase(0, rig->end->stream->write_last(bytes_of(bye)).bytes);
      }
      is_over = bye.empty();
    }
    return (SSL_get_shutdown(rig->ssl()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }));
  CHECK(rig->is_as_sent());
  char none = 0;
  CHECK(turns_until(rig->loop, [&] { return ::recv(rig->client->fd(), &none, 1, MSG_DONTWAIT) == 0; }));
  rig->client->say("one more");
  rig->client->move();
  CHECK(turns_until(rig->loop, [&] { return rig->end->got == "one more"; }));
}

TEST_CASE("a client that goes while much waits for it is a broken connection, not a wait", "[hand-over]") {
  const auto below = GENERATE(from_range(all_below()));
  const auto rig = handed_over(below, 8192);
  rig->fill();
  const bool has_ended = GENERATE(false, true);
  if (has_ended) {  // all that was to be sent is dropped, and the end waits
    rig->end->out.drop(rig->loop.chunks());
    rig->end->stream->shutdown_write();
  }
  rig->end->ended = true;  // nothing is read from it any more, which would tell
  rig->end->stream->watch(false, !has_ended);
  const linger now{1, 0};
  ::setsockopt(rig->client->fd(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  rig->client->close();
  CHECK(turns_until(rig->loop, [&] { return rig->end->broken; }));
}

TEST_CASE("behind a hand-over a close in good order says the end; a reset does not", "[hand-over]") {
  const auto rig = handed_over(GENERATE(from_range(all_below())));
  const auto resets = GENERATE(false, true);
  if (resets) {
    rig->end->stream->reset_on_close();
  }
  rig->end->stream.reset();
  rig->loop.turn();
  rig->client->move();
  CHECK(((SSL_get_shutdown(rig->ssl()) & SSL_RECEIVED_SHUTDOWN) != 0) == !resets);
}

TEST_CASE("behind a hand-over a changed byte breaks the connection, and the client is told", "[hand-over]") {
  const auto rig = handed_over(GENERATE(from_range(all_below())));
  rig->client->say("hello");
  char sealed[100];
  const int size = BIO_read(SSL_get_wbio(rig->ssl()), sealed, sizeof(sealed));
  REQUIRE(size > 20);
  sealed[10] ^= 1;
  rig->client->send_raw({sealed, static_cast<std::size_t>(size)});
  CHECK(alert_told(rig->loop, *rig->client).find("bad record mac") != std::string::npos);
  CHECK(rig->breaks());
}

TEST_CASE("a kernel that does not take the next key ends the connection", "[hand-over]") {
  const auto rig = handed_over(Below::StandIn);
  rig->orders.takes_next_key = false;
  REQUIRE(SSL_key_update(rig->ssl(), SSL_KEY_UPDATE_REQUESTED) == 1);
  rig->client->say("x");
  CHECK(rig->breaks());
  CHECK(rig->end->error == EPROTO);
  CHECK(rig->end->stream->tls()->detail == "the kernel does not take the next key");
}
