// Mode "get": keep-alive GETs. Each client keeps its connection and, as a browser would, the cookies it was
// given.
#include <fmt/format.h>

#include <cerrno>
#include <charconv>

#include "bench/load_client.h"
#include "bench/load_loop.h"
#include "bench/wire.h"

namespace limpet::bench {

namespace {

class GetClient final : public LoopClient {
 public:
  GetClient(Fd socket, const SocketAddress& target);

  [[nodiscard]] const Fd& socket() const noexcept { return socket_; }
  Step start(Poller& poller) override;
  Step on_event(Poller& poller, std::uint32_t events, std::span<char> scratch) override;

 private:
  Step check_answer();
  void keep_cookie(std::string_view head);

  Fd socket_;
  std::string host_;
  std::string request_;
  std::string answer_;
};

GetClient::GetClient(Fd socket, const SocketAddress& target)
    : socket_(std::move(socket)), host_(target.to_string()) {
  request_ = fmt::format("GET /small HTTP/1.1\r\nHost: {}\r\nUser-Agent: limpet-bench\r\n\r\n", host_);
}

Step GetClient::start(Poller& /*poller*/) {
  answer_.clear();
  return send_all(socket_, request_) ? Step::Waiting : fail("send failed");
}

Step GetClient::on_event(Poller& /*poller*/, std::uint32_t /*events*/, std::span<char> scratch) {
  const ssize_t got = ::recv(socket_.get(), scratch.data(), scratch.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    return Step::Waiting;
  }
  if (got <= 0) {
    return fail("a keep-alive connection was closed");
  }
  answer_.append(scratch.data(), static_cast<std::size_t>(got));
  return head_length(answer_) == 0 ? Step::Waiting : check_answer();
}

Step GetClient::check_answer() {
  const std::size_t head_bytes = head_length(answer_);
  const std::string_view head = std::string_view(answer_).substr(0, head_bytes);
  const std::string_view body = std::string_view(answer_).substr(head_bytes);
  if (!head.starts_with("HTTP/1.1 200 ")) {
    return fail("no 200");
  }
  if (header_value(head, "Content-Length") != std::to_string(kSmallBody.size())) {
    return fail("the answer has another length");
  }
  if (body != kSmallBody.substr(0, body.size())) {
    return fail("the body differs");
  }
  if (body.size() < kSmallBody.size()) {
    return Step::Waiting;
  }
  keep_cookie(head);
  return Step::Completed;
}

// One cookie is enough: none of the proxies compared sets two.
void GetClient::keep_cookie(std::string_view head) {
  std::string_view cookie = header_value(head, "Set-Cookie");
  cookie = cookie.substr(0, cookie.find(';'));
  if (!cookie.empty()) {
    request_ = fmt::format(
        "GET /small HTTP/1.1\r\nHost: {}\r\nUser-Agent: limpet-bench\r\nCookie: {}\r\n\r\n", host_, cookie);
  }
}

}  // namespace

Result<Report> run_get(const LoadOptions& options) {
  LoadLoop loop(options, "get");
  for (std::size_t i = 0; i < options.connections; ++i) {
    auto socket = connect_from(source_of(options, i), options.target);
    if (!socket) {
      return socket.error();
    }
    auto client = std::make_unique<GetClient>(std::move(*socket), options.target);
    loop.poller().add(client->socket(), EPOLLIN, client.get());
    loop.add(std::move(client));
  }
  return loop.run();
}

}  // namespace limpet::bench
