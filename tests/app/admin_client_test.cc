#include "app/admin_client.h"

#include <sys/socket.h>

#include <thread>

#include "app/query_tables.h"
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
    thread_ = std::thread([socket = std::move(bound->sockets.front()), bytes = std::move(bytes)] {
      net::Fd client;
      while (!client.valid()) {
        client = net::Fd(::accept(socket.get(), nullptr, nullptr));
      }
      std::string request(1024, '\0');
      ::recv(client.get(), request.data(), request.size(), 0);
      ::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    });
  }
  ~OneAnswer() { thread_.join(); }
  [[nodiscard]] std::string url() const { return "http://" + address_.to_string(); }

 private:
  SocketAddress address_;
  std::thread thread_;
};

Result<app::AdminAnswer> ask(const std::string& url) {
  const auto client = app::AdminClient::at(url);
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

TEST_CASE("a key is encoded for a path and a table shows no control characters") {
  CHECK(app::percent_encode("a/b c?\xc3\xa9~") == "a%2Fb%20c%3F%C3%A9~");
  const auto text =
      app::pins_table(admin::Json::parse(R"([{"key": "a\u001b[2J", "backend": null, "sessions": 3}])"));
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("a?[2J  -") != std::string::npos);
}
