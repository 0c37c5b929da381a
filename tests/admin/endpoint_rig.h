// EndpointRig: the admin endpoint on a loop in a thread of its own, over a fake source; Client: a blocking
// client of it. Every wait of the client is bounded. The test's thread, but for what run_on_loop() is given.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <functional>
#include <future>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "admin/endpoint.h"
#include "http/head_parser.h"
#include "net/fd.h"
#include "net/listener.h"
#include "net/mailbox.h"
#include "net/uv_loop.h"
#include "tests/admin/fake_source.h"
#include "tests/support/catch.h"

namespace limpet::test {

struct ClientAnswer {
  int status = 0;
  std::map<std::string, std::string> fields;  // by name as written
  std::string body;

  [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(body, nullptr, false); }
};

class Client {
 public:
  explicit Client(const SocketAddress& address)
      : socket_(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    constexpr timeval kPatience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
    sockaddr_storage native{};
    const socklen_t length = address.to_native(native);
    REQUIRE(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&native), length) == 0);
  }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      REQUIRE(sent > 0);
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // The next answer; `to_head`: it has no body.
  [[nodiscard]] ClientAnswer read_answer(bool to_head = false) {
    http::HeadEnd end;
    while (end.look(ahead_) == http::HeadEnd::Found::NotYet) {
      REQUIRE(read_some());
    }
    const std::string head = ahead_.substr(0, end.size());
    ahead_.erase(0, end.size());
    http::ResponseHead response;
    REQUIRE_FALSE(http::parse_response(head, {}, {.to_head_request = to_head}, response));
    ClientAnswer answer{.status = response.status, .fields = {}, .body = {}};
    for (const http::Field& field : response.fields) {
      answer.fields[std::string(field.name)] = field.value;
    }
    while (ahead_.size() < response.body.length) {
      REQUIRE(read_some());
    }
    answer.body = ahead_.substr(0, response.body.length);
    ahead_.erase(0, response.body.length);
    return answer;
  }
  // What comes up to the end of `mark`.
  [[nodiscard]] std::string read_to(std::string_view mark) {
    std::size_t at = 0;
    while ((at = ahead_.find(mark)) == std::string::npos) {
      REQUIRE(read_some());
    }
    const std::string text = ahead_.substr(0, at + mark.size());
    ahead_.erase(0, text.size());
    return text;
  }
  // What comes up to the end of it all.
  [[nodiscard]] std::string read_rest() {
    while (read_some()) {
    }
    return std::exchange(ahead_, "");
  }
  // Ends with a reset.
  void cut() {
    constexpr linger kAtOnce{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &kAtOnce, sizeof(kAtOnce));
    socket_.reset();
  }
  // Whether there is something to read, or the end of it, within a moment.
  [[nodiscard]] bool has_news() const {
    constexpr int kMomentMs = 5;
    pollfd watched{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    return ::poll(&watched, 1, kMomentMs) > 0;
  }
  // True when the endpoint has closed and nothing more was sent.
  [[nodiscard]] bool is_at_end() { return ahead_.empty() && !read_some() && ahead_.empty(); }

 private:
  [[nodiscard]] bool read_some() {
    char buffer[4096];
    const ssize_t got = ::recv(socket_.get(), buffer, sizeof(buffer), 0);
    REQUIRE(got >= 0);
    ahead_.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }

  net::Fd socket_;
  std::string ahead_;  // read and not taken yet
};

class EndpointRig {
 public:
  struct Options {
    SocketAddress where{IpAddress::from_v4({127, 0, 0, 1}), 0};
    std::string token{};
    admin::Bounds bounds{};
  };
  EndpointRig() : EndpointRig(Options{}) {}
  explicit EndpointRig(const SocketAddress& where) : EndpointRig(Options{.where = where}) {}
  explicit EndpointRig(const Options& options) {
    const SocketAddress& where = options.where;
    auto bound = net::bind_sockets(where, 1);
    REQUIRE(bound.ok());
    address_ = bound->address;
    // 0.0.0.0 is an address to listen on, not to connect to.
    reachable_ =
        is_anywhere(address_) ? SocketAddress(IpAddress::from_v4({127, 0, 0, 1}), address_.port()) : address_;
    auto endpoint = admin::Endpoint::start(
        loop_, std::move(bound->sockets.front()),
        {.access = {.bound = address_, .token = options.token}, .bounds = options.bounds}, source_);
    REQUIRE(endpoint.ok());
    endpoint_ = std::move(endpoint).value();
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~EndpointRig() {
    run_on_loop([this] { loop_.stop(); });
    thread_.join();
  }
  EndpointRig(const EndpointRig&) = delete;
  EndpointRig& operator=(const EndpointRig&) = delete;

  [[nodiscard]] const SocketAddress& address() const noexcept { return address_; }
  [[nodiscard]] Client connect() const { return Client(reachable_); }
  // The source is touched on its loop only.
  [[nodiscard]] FakeSource& source() noexcept { return source_; }
  void run_on_loop(const std::function<void()>& action) {
    // Shared: set_value() may still be at work when the wait is over.
    const auto done = std::make_shared<std::promise<void>>();
    jobs_.post([&action, done] {
      action();
      done->set_value();
    });
    done->get_future().wait();
  }

  // Until the endpoint has no client.
  void wait_until_alone() {
    std::size_t left = 1;
    while (left != 0) {
      run_on_loop([&] { left = connections(); });
    }
  }
  // Until the loop's clock has moved on, so that what comes now is later than what came before.
  void wait_for_the_clock() {
    Instant begin{};
    run_on_loop([&] { begin = loop_.now(); });
    for (Instant now = begin; now == begin;) {
      run_on_loop([&] { now = loop_.now(); });
    }
  }

  // On the loop.
  [[nodiscard]] std::size_t connections() const { return endpoint_->connections(); }
  void end_endpoint() { endpoint_.reset(); }
  void leave_endpoint() { endpoint_->leave(); }

  // One call on a connection of its own. `fields`: lines with CRLF besides Host.
  [[nodiscard]] ClientAnswer call(std::string_view method, std::string_view target,
                                  std::string_view fields = {}, std::string_view body = {}) {
    Client client = connect();
    client.send(request(method, target, fields, body));
    return client.read_answer(method == "HEAD");
  }
  [[nodiscard]] ClientAnswer get(std::string_view target) { return call("GET", target); }
  [[nodiscard]] ClientAnswer put(std::string_view target, std::string_view body) {
    return call("PUT", target, "Content-Type: application/json\r\n", body);
  }

  [[nodiscard]] std::string request(std::string_view method, std::string_view target,
                                    std::string_view fields = {}, std::string_view body = {}) const {
    std::string text = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n";
    text.append("Host: ")
        .append(address_.is_unix() ? "limpet" : reachable_.to_string())
        .append("\r\n")
        .append(fields);
    if (!body.empty()) {
      text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    }
    return text.append("\r\n").append(body);
  }

 private:
  [[nodiscard]] static bool is_anywhere(const SocketAddress& address) {
    return !address.is_unix() && address.ip() == IpAddress::from_v4({0, 0, 0, 0});
  }

  net::UvLoop loop_;
  FakeSource source_;
  net::Mailbox<std::function<void()>> jobs_{loop_, [](std::function<void()>&& job) { job(); }};
  SocketAddress address_;
  SocketAddress reachable_;  // where clients connect
  std::unique_ptr<admin::Endpoint> endpoint_;
  std::thread thread_;
};

}  // namespace limpet::test
