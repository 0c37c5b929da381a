#include "app/admin_client.h"
#include "app/admin_token.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <future>
#include <thread>

#include "net/listener.h"
#include "tests/support/catch.h"

using namespace limpet;

namespace {

// Accepts one client, reads a while and answers `bytes`.
class OneAnswer {
 public:
  explicit OneAnswer(std::string bytes) {
    auto bound = net::bind_sockets(SocketAddress(IpAddress::from_v4({127, 0, 0, 1}), 0), 1);
    REQUIRE(bound.ok());
    address_ = bound->address;
    thread_ = std::thread([this, socket = std::move(bound->sockets.front()), bytes = std::move(bytes)] {
      net::Fd client;
      while (!client.valid()) {
        client = net::Fd(::accept(socket.get(), nullptr, nullptr));
      }
      std::string request(1024, '\0');
      const ssize_t got = ::recv(client.get(), request.data(), request.size(), 0);
      request.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
      request_.set_value(request);
      ::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    });
  }
  ~OneAnswer() { thread_.join(); }
  // What the client has asked; once.
  [[nodiscard]] std::string request() { return request_.get_future().get(); }
  [[nodiscard]] std::string url() const { return "http://" + address_.to_string(); }

 private:
  SocketAddress address_;
  std::promise<std::string> request_;
  std::thread thread_;
};

Result<app::AdminAnswer> ask(const std::string& url, const std::string& token = {}) {
  const auto client = app::AdminClient::at(url, token);
  REQUIRE(client.ok());
  return client->get("/v1/status");
}

}  // namespace

TEST_CASE("an admin address is http://host:port or unix:/path") {
  for (const auto* const good :
       {"http://127.0.0.1:1", "http://[::1]:9900/", "HTTP://localhost:1", "unix:/run/a"}) {
    INFO(good);
    CHECK(app::AdminClient::at(good).ok());
  }
  for (const auto* const bad :
       {"", "http://", "127.0.0.1:9900", "https://a:1", "http://a", "http://unix:/a", "unix:"}) {
    INFO(bad);
    CHECK_FALSE(app::AdminClient::at(bad).ok());
  }
}

TEST_CASE("an answer is read by its length, in chunks or to the end") {
  const std::string bytes =
      GENERATE("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
               "HTTP/1.1 200 OK\r\n\r\n{}");
  OneAnswer server(bytes);
  const auto answer = ask(server.url());
  REQUIRE(answer.ok());
  CHECK(answer->status == 200);
  CHECK(answer->body == "{}");
}

TEST_CASE("an answer that is cut off or not HTTP is an error that names the address") {
  const std::string bytes = GENERATE("", "HTTP/1.1 200 OK\r\n",
                                     "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "SSH-2.0-x\r\n\r\n");
  OneAnswer server(bytes);
  const auto answer = ask(server.url());
  REQUIRE_FALSE(answer.ok());
  CHECK(answer.error().detail.find(server.url()) != std::string::npos);
}

TEST_CASE("a token is brought as Authorization: Bearer, and none where there is none") {
  const std::string token = GENERATE("", "0123456789abcdef");
  OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
  REQUIRE(ask(server.url(), token).ok());
  const std::string request = server.request();
  CHECK((request.find("Authorization") == std::string::npos) == token.empty());
  CHECK((request.find("\r\nAuthorization: Bearer 0123456789abcdef\r\n") == std::string::npos) ==
        token.empty());
}

TEST_CASE("401 is an error that says how a token is given, and does not show it") {
  const std::string token = GENERATE("", "0123456789abcdef");
  OneAnswer server("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
  const auto answer = ask(server.url(), token);
  REQUIRE_FALSE(answer.ok());
  CHECK(answer.error().detail ==
        "the admin endpoint at " + server.url() + (token.empty() ? " wants a token" : " refuses this token") +
            ": give --token-file FILE with that of its admin.token_file, or set LIMPET_ADMIN_TOKEN");
}

TEST_CASE("the token of a command is that of its file, else that of the environment") {
  char path[] = "/tmp/limpet-token-XXXXXX";
  const net::Fd file(::mkstemp(path));  // 0600
  REQUIRE(file.valid());
  const std::string in_file = "in-file-0123456789\n";
  REQUIRE(::write(file.get(), in_file.data(), in_file.size()) == static_cast<ssize_t>(in_file.size()));

  CHECK(app::admin_token(path, nullptr).value() == "in-file-0123456789");
  CHECK(app::admin_token(path, "environment-012345").value() == "in-file-0123456789");
  CHECK(app::admin_token("", "environment-012345").value() == "environment-012345");
  CHECK(app::admin_token("", nullptr).value().empty());
  CHECK(app::admin_token("", "").value().empty());
  ::unlink(path);
  CHECK(app::admin_token(path, "environment-012345").error().detail.starts_with("--token-file: cannot open"));
  for (const auto* const wrong : {"short", "0123456789abcdef\r\nX: y", "0123456789 abcdef"}) {
    const auto token = app::admin_token("", wrong);
    REQUIRE_FALSE(token.ok());
    CHECK(token.error().detail.starts_with("LIMPET_ADMIN_TOKEN is no token"));
    CHECK(token.error().detail.find(wrong) == std::string::npos);
  }
}

TEST_CASE("nobody listening is told with the remedy") {
  std::string url;
  {
    auto bound = net::bind_sockets(SocketAddress(IpAddress::from_v4({127, 0, 0, 1}), 0), 1);
    REQUIRE(bound.ok());
    url = "http://" + bound->address.to_string();
  }
  const auto answer = ask(url);
  REQUIRE_FALSE(answer.ok());
  CHECK(answer.error().detail.find("is limpet running? give --admin URL") != std::string::npos);
}
