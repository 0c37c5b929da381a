// Two ends of one connection: a TlsStream on a loop, and either another one or the library itself, driven by
// hand, so that a test decides about every byte on the wire.
#pragma once

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <string>
#include <utility>

#include "base/text.h"
#include "net/outbox.h"
#include "net/socket_stream.h"
#include "net/tls_stream.h"
#include "tests/net/tls_pki.h"

namespace limpet::test {

inline std::pair<net::Fd, net::Fd> socket_pair(int buffer = 0) {
  int ends[2] = {};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
  for (const int end : ends) {
    if (buffer != 0) {
      ::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
    }
  }
  return {net::Fd(ends[0]), net::Fd(ends[1])};
}

// Owns a stream, reads whatever comes, and sends what it is told to.
struct End final : net::StreamEvents {
  explicit End(net::StreamPtr its_stream, bool as_client = false) : stream(std::move(its_stream)) {
    stream->set_events(this);
    stream->watch(!as_client, as_client);
    is_open = !as_client;
  }
  ~End() {
    if (stream != nullptr) {
      out.drop(stream->loop().chunks());
    }
  }

  void send(std::string_view bytes) {
    const net::IoResult result = out.send(*stream, bytes_of(bytes));
    broken |= result.status == net::IoStatus::Broken;
    stream->watch(true, !out.empty());
  }
  void on_readable(net::Stream&) override {
    const auto into = stream->loop().scratch().first(std::min(most_a_read, stream->loop().scratch().size()));
    const net::IoResult result = stream->read(into);
    ++reads;
    got.append(reinterpret_cast<const char*>(into.data()), result.bytes);
    if (result.status == net::IoStatus::End) {
      ended = true;
      stream->watch(false, !out.empty());
    } else if (result.status == net::IoStatus::Broken) {
      broken = true;
      error = result.error;
      stream->watch(false, false);
    }
  }
  void on_writable(net::Stream&) override {
    if (!is_open) {
      connect_error = stream->take_socket_error();
      is_open = true;
      stream->watch(connect_error == 0, false);
      return;
    }
    broken |= out.flush(*stream).status == net::IoStatus::Broken;
    stream->watch(!ended, !out.empty());
  }
  void on_broken(net::Stream&) override { broken = true; }

  net::StreamPtr stream;
  net::Outbox out;
  std::string got;
  std::size_t most_a_read = net::Loop::kScratchBytes;
  int reads = 0;
  int error = 0;
  int connect_error = 0;
  bool is_open = false;
  bool ended = false;
  bool broken = false;
};

// Turns until it is so; false after ten seconds.
template <typename Condition>
bool turns_until(net::UvLoop& loop, Condition condition) {
  const Instant deadline = loop.now() + std::chrono::seconds(10);
  while (!condition()) {
    loop.turn();
    if (loop.now() > deadline) {
      return false;
    }
  }
  return true;
}

// Bytes of a long pattern, from such a place of it on.
inline std::string pattern(std::size_t size, std::size_t from = 0) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint64_t place = from + i;
    bytes[i] = static_cast<char>((place * 0x9E3779B97F4A7C15ULL) >> 56U);
  }
  return bytes;
}

// A client of the library's own; its bytes go through the test's hands.
class HandClient {
 public:
  explicit HandClient(net::Fd fd, const char* server_name = "a.test")
      : fd_(std::move(fd)), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_security_level(context_, 0);
    ssl_ = SSL_new(context_);
    SSL_set_connect_state(ssl_);
    SSL_set_msg_callback(ssl_, note_message);
    SSL_set_msg_callback_arg(ssl_, this);
    if (server_name != nullptr) {
      SSL_ctrl(ssl_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(server_name));
    }
    SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  }
  ~HandClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  HandClient(const HandClient&) = delete;
  HandClient& operator=(const HandClient&) = delete;

  [[nodiscard]] SSL* ssl() noexcept { return ssl_; }
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  void close() { fd_.reset(); }

  // Moves what there is, at most so many bytes to the stream; answers what of plain bytes has come.
  std::string move(std::size_t most = 1 << 20) {
    char bytes[4096];
    ssize_t size = 0;
    while (fd_.valid() && (size = ::recv(fd_.get(), bytes, sizeof(bytes), 0)) > 0) {
      BIO_write(SSL_get_rbio(ssl_), bytes, static_cast<int>(size));
    }
    std::string plain;
    std::size_t got = 0;
    if (SSL_is_init_finished(ssl_) == 0) {
      SSL_do_handshake(ssl_);
    }
    while (SSL_read_ex(ssl_, bytes, sizeof(bytes), &got) == 1) {
      plain.append(bytes, got);
    }
    while (most > 0) {
      const int taken = BIO_read(SSL_get_wbio(ssl_), bytes, static_cast<int>(std::min(most, sizeof(bytes))));
      if (taken <= 0) {
        break;
      }
      send_raw({bytes, static_cast<std::size_t>(taken)});
      most -= static_cast<std::size_t>(taken);
    }
    return plain;
  }
  void send_raw(std::string_view bytes) {
    REQUIRE(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size()));
  }
  // Sealed, and on the wire with the next move().
  void say(std::string_view text) {
    std::size_t taken = 0;
    REQUIRE(SSL_write_ex(ssl_, text.data(), text.size(), &taken) == 1);
  }

  // How often the stream has changed its key.
  [[nodiscard]] int key_updates() const noexcept { return key_updates_; }

 private:
  static void note_message(int is_sent, int, int type, const void* bytes, std::size_t size, SSL*,
                           void* client) {
    if (is_sent == 0 && type == SSL3_RT_HANDSHAKE && size > 0 &&
        *static_cast<const std::uint8_t*>(bytes) == SSL3_MT_KEY_UPDATE) {
      ++static_cast<HandClient*>(client)->key_updates_;
    }
  }

  net::Fd fd_;
  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
  int key_updates_ = 0;
};

// The alert that the client is told, as the library words it.
inline std::string alert_told(net::UvLoop& loop, HandClient& client) {
  std::string told;
  REQUIRE(turns_until(loop, [&] {
    ERR_clear_error();
    client.move();
    const unsigned long error = ERR_peek_last_error();
    told = error == 0 ? "" : ERR_reason_error_string(error);
    return !told.empty();
  }));
  return told;
}

// A server context and what it counts.
struct TestServer {
  explicit TestServer(const net::TlsServerOptions& options, const net::KernelTls& kernel = {}) {
    shared.kernel = kernel;
    auto made = net::TlsServer::load(options, shared);
    if (auto* const troubles = std::get_if<net::TlsTroubles>(&made)) {
      FAIL(troubles->front().detail);
    }
    server = std::get<net::TlsServerPtr>(made);
  }
  [[nodiscard]] std::uint64_t faults(net::TlsFault fault) const {
    return shared.counts->faults[static_cast<std::size_t>(fault)].load();
  }

  net::TlsShared shared{std::make_shared<net::TlsTickets>(Instant()), std::make_shared<net::TlsCounts>()};
  net::TlsServerPtr server;
};

}  // namespace limpet::test
