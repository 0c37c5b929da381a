#include "net/proxy_header_wait.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace limpet::net {

using How = ProxyHeaderAnswer::How;

void ProxyHeaderWait::start(Instant due) {
  // Most proxies have said it by the time they are accepted.
  if (!read_on()) {
    return;
  }
  is_watched_ = loop_.poller().add(socket_.get(), EPOLLIN, *this);
  if (!is_watched_) {
    answer({.how = How::Unwatched});
    return;
  }
  loop_.deadlines().arm(deadline_, due);
}

Fd ProxyHeaderWait::take_socket() {
  if (std::exchange(is_watched_, false)) {
    loop_.poller().remove(socket_.get());
  }
  return std::move(socket_);
}

void ProxyHeaderWait::cancel() noexcept {
  is_over_ = true;
  deadline_.disarm();
  socket_.reset();
}

void ProxyHeaderWait::on_ready(std::uint32_t) {
  if (!is_over_) {
    read_on();
  }
}

void ProxyHeaderWait::on_deadline() {
  answer({.how = How::Late});
}

bool ProxyHeaderWait::read_on() {
  const auto into = loop_.scratch().first(kMostProxyHeader - begin_.size());
  const ssize_t seen = ::recv(socket_.get(), into.data(), into.size(), MSG_PEEK);
  if (seen > 0) {
    return look_at({reinterpret_cast<const char*>(into.data()), static_cast<std::size_t>(seen)});
  }
  if (seen < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
    return true;
  }
  answer({.how = seen < 0 ? How::Reset : begin_.empty() ? How::Closed : How::Cut});
  return false;
}

bool ProxyHeaderWait::look_at(std::string_view fresh) {
  const std::size_t before = begin_.size();
  if (before != 0) {
    begin_.append(fresh);
  }
  const ProxyReading reading = read_proxy_header(before == 0 ? fresh : std::string_view(begin_));
  switch (reading.state) {
    case ProxyReading::State::NeedMore:
      if (before == 0) {
        begin_.assign(fresh);
      }
      // Taken, or the socket would stay ready. All of it belongs to the header.
      consume(fresh.size());
      return true;
    case ProxyReading::State::Complete:
      consume(reading.size - before);
      answer({.how = How::Whole, .header = reading.header});
      return false;
    case ProxyReading::State::Malformed:
      break;
  }
  answer({.how = How::Malformed, .fault = reading.fault});
  return false;
}

// Into the scratch, where the same bytes stand already.
void ProxyHeaderWait::consume(std::size_t bytes) {
  const auto into = loop_.scratch().first(bytes);
  while (::recv(socket_.get(), into.data(), into.size(), 0) < 0 && errno == EINTR) {
  }
}

void ProxyHeaderWait::answer(const ProxyHeaderAnswer& answer) {
  is_over_ = true;
  deadline_.disarm();
  owner_.on_proxy_header(answer);
}

}  // namespace limpet::net
