// A backend on the test's own loop: real sockets, an answer by a function.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/listener.h"
#include "net/socket_stream.h"
#include "tests/support/catch.h"

namespace limpet::healthcheck::testing {

inline SocketAddress any_loopback_port() {
  return SocketAddress(*IpAddress::parse("127.0.0.1"), 0);
}

class SmallBackend {
 public:
  // Takes what it understands off the front of `heard`; answers what is to be sent.
  using Respond = std::function<std::string(std::string& heard)>;
  struct Options {
    Respond respond;           // none: accepts and says nothing
    std::size_t step = 65536;  // most bytes sent in one turn of the loop
    bool end_after_answer = false;
  };

  SmallBackend(net::UvLoop& loop, const SocketAddress& address, Options options)
      : loop_(loop), options_(std::move(options)) {
    auto bound = net::bind_sockets(address, 1);
    REQUIRE(bound.ok());
    address_ = bound->address;
    auto listener = net::Listener::start(loop, std::move(bound->sockets.front()),
                                         [this](net::Fd fd, const SocketAddress&) { accept(std::move(fd)); });
    REQUIRE(listener.ok());
    listener_ = std::move(listener).value();
  }

  [[nodiscard]] const SocketAddress& address() const noexcept { return address_; }
  [[nodiscard]] std::size_t accepted() const noexcept { return talks_.size(); }
  [[nodiscard]] std::size_t open() const noexcept {
    const auto count =
        std::count_if(talks_.begin(), talks_.end(), [](const auto& talk) { return talk->stream != nullptr; });
    return static_cast<std::size_t>(count);
  }
  // The most conversations that were open at the same time.
  [[nodiscard]] std::size_t most_open() const noexcept { return most_open_; }

 private:
  struct Talk final : net::StreamEvents {
    explicit Talk(SmallBackend& owner) : backend(owner) {}

    void on_readable(net::Stream& from) override {
      const auto into = backend.loop_.scratch();
      const net::IoResult result = from.read(into);
      if (result.status == net::IoStatus::Done) {
        heard.append(reinterpret_cast<const char*>(into.data()), result.bytes);
        if (backend.options_.respond) {
          to_send += backend.options_.respond(heard);
        }
        from.watch(true, !to_send.empty());
      } else if (result.status != net::IoStatus::WouldBlock) {
        stream.reset();
      }
    }

    void on_writable(net::Stream& to) override {
      const std::size_t most = std::min(to_send.size(), backend.options_.step);
      const net::IoResult result = to.write({reinterpret_cast<const std::uint8_t*>(to_send.data()), most});
      to_send.erase(0, result.bytes);
      if (result.status == net::IoStatus::Broken || (to_send.empty() && backend.options_.end_after_answer)) {
        stream.reset();
        return;
      }
      to.watch(true, !to_send.empty());
    }

    void on_broken(net::Stream&) override { stream.reset(); }

    SmallBackend& backend;
    net::StreamPtr stream;  // null when the conversation is over
    std::string heard;
    std::string to_send;
  };

  void accept(net::Fd fd) {
    auto talk = std::make_unique<Talk>(*this);
    talk->stream = net::SocketStream::adopt(loop_, std::move(fd));
    talk->stream->set_events(talk.get());
    talk->stream->watch(true, false);
    talks_.push_back(std::move(talk));
    most_open_ = std::max(most_open_, open());
  }

  net::UvLoop& loop_;
  Options options_;
  SocketAddress address_;
  std::vector<std::unique_ptr<Talk>> talks_;
  std::size_t most_open_ = 0;
  std::unique_ptr<net::Listener> listener_;
};

// A port that is taken and that nobody listens on: connects are refused.
class RefusingPort {
 public:
  RefusingPort() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_storage native{};
    socklen_t length = any_loopback_port().to_native(native);
    REQUIRE(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&native), length) == 0);
    length = sizeof(native);
    REQUIRE(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&native), &length) == 0);
    address_ = SocketAddress::from_native(native, length);
  }
  [[nodiscard]] const SocketAddress& address() const noexcept { return address_; }

 private:
  net::Fd fd_;
  SocketAddress address_;
};

}  // namespace limpet::healthcheck::testing
