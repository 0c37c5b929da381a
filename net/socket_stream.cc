#include "net/socket_stream.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

#include "base/assert.h"
#include "net/keep_alive.h"
#include "net/kernel_sealer.h"
#include "net/peer_silence.h"

namespace limpet::net {

namespace {

constexpr std::uint32_t kReadable = EPOLLIN;
constexpr std::uint32_t kWritable = EPOLLOUT;
constexpr std::uint32_t kOver = EPOLLERR | EPOLLHUP;

Duration millis(std::uint32_t count) noexcept {
  return Duration(count);
}

}  // namespace

StreamPtr SocketStream::adopt(UvLoop& loop, Fd fd) {
  return StreamPtr(loop.streams().make(loop, std::move(fd)));
}

void SocketStream::watch(bool readable, bool writable) noexcept {
  wanted_ = static_cast<std::uint8_t>((readable ? kReadable : 0U) | (writable ? kWritable : 0U));
  if (!is_armed() && !arms_later_ && !closing_) {
    arms_later_ = true;
    loop_.arm_later(*this);
  }
}

// A stream with nothing wanted stays polled: a cut (EPOLLERR, EPOLLHUP) is told whatever the interest.
void SocketStream::arm() noexcept {
  arms_later_ = false;
  if (closing_ || is_armed()) {
    return;
  }
  armed_ = wanted_;
  if (polled_ == Polled::Yes) {
    loop_.poller().change(fd_.get(), armed_, *this);
    return;
  }
  polled_ = Polled::Yes;
  if (!loop_.poller().add(fd_.get(), armed_, *this)) {
    // Out of kernel memory for it: nobody will ever tell whether it is ready.
    polled_ = Polled::TakenOut;
    if (events() != nullptr) {
      events()->on_broken(*this);
    }
  }
}

void SocketStream::on_soon() noexcept {
  constexpr std::uintptr_t kLine = 64;
  if (const auto first = reinterpret_cast<std::uintptr_t>(events()); first != 0) {
    for (std::uintptr_t at = 0; at < 3 * kLine; at += kLine) {
      __builtin_prefetch(reinterpret_cast<const void*>(first + at));
    }
  }
}

void SocketStream::on_ready(std::uint32_t ready) {
  if (closing_) {
    return;  // closed by whoever was told before, in this same turn
  }
  const bool is_over = (ready & kOver) != 0;
  if (!is_over) {
    report(ready);
  } else if (wanted_ != 0) {
    // The next read or write tells what is wrong, data that came before it included.
    report(ready | wanted_);
  } else if (take_socket_error() != 0) {
    if (events() != nullptr) {
      events()->on_broken(*this);
    }
  } else {
    // Both directions have ended in good order: what is unread waits for its reader, and the event stays
    // ready, so nothing is polled until somebody wants to read or write again.
    loop_.poller().remove(fd_.get());
    polled_ = Polled::TakenOut;
  }
}

void SocketStream::report(std::uint32_t ready) {
  if ((ready & wanted_ & kReadable) != 0 && events() != nullptr) {
    events()->on_readable(*this);
  }
  // The first call may have ended the stream, or may have lost interest.
  if ((ready & kWritable) != 0 && !closing_ && (wanted_ & kWritable) != 0 && events() != nullptr) {
    events()->on_writable(*this);
  }
}

IoResult SocketStream::result_of(ssize_t moved) noexcept {
  if (moved > 0) {
    return {IoStatus::Done, static_cast<std::size_t>(moved), 0};
  }
  if (moved == 0) {
    return {IoStatus::End, 0, 0};
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
    return {IoStatus::WouldBlock, 0, 0};
  }
  note_error(errno);
  return {IoStatus::Broken, 0, errno};
}

// What the system says when it has given a peer up: the last thing that a router told, or nothing.
void SocketStream::note_error(int error) noexcept {
  was_lost_ = was_lost_ || error == ETIMEDOUT || error == EHOSTUNREACH || error == ENETUNREACH;
}

IoResult SocketStream::read(std::span<std::uint8_t> into) noexcept {
  return result_of(::recv(fd_.get(), into.data(), into.size(), 0));
}

IoResult SocketStream::write(std::span<const std::uint8_t> bytes) noexcept {
  return result_of(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

IoResult SocketStream::write(std::span<const iovec> parts) noexcept {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = parts.size();
  return send(message);
}

IoResult SocketStream::send(const msghdr& message) noexcept {
  return result_of(::sendmsg(fd_.get(), &message, MSG_NOSIGNAL));
}

bool SocketStream::looks_alive() noexcept {
  std::uint8_t byte = 0;
  return ::recv(fd_.get(), &byte, 1, MSG_PEEK) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

int SocketStream::take_socket_error() noexcept {
  int error = 0;
  socklen_t length = sizeof(error);
  if (getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) {
    return errno;
  }
  note_error(error);
  return error;
}

std::optional<Duration> SocketStream::unanswered_for() noexcept {
  int unacknowledged = 0;
  if (ioctl(fd_.get(), SIOCOUTQ, &unacknowledged) != 0 || unacknowledged == 0) {
    return std::nullopt;
  }
  tcp_info info{};
  socklen_t length = sizeof(info);
  if (getsockopt(fd_.get(), IPPROTO_TCP, TCP_INFO, &info, &length) != 0) {
    return std::nullopt;  // a Unix socket: its peer cannot vanish
  }
  return net::unanswered_for({.in_flight = info.tcpi_unacked,
                              .retransmits = info.tcpi_retransmits,
                              .probes = info.tcpi_probes,
                              .since_acknowledged = millis(info.tcpi_last_ack_recv),
                              .since_sent = millis(info.tcpi_last_data_sent)});
}

void SocketStream::keep_alive() noexcept {
  net::keep_alive(fd_.get());
}

void SocketStream::shutdown_write() noexcept {
  ::shutdown(fd_.get(), SHUT_WR);
}

IoResult SocketStream::write_last(std::span<const std::uint8_t> bytes) noexcept {
  // MSG_MORE: the packet waits for what follows, the FIN, or the rest when that is written.
  const IoResult result = result_of(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_MORE));
  if (result.bytes == bytes.size()) {
    shutdown_write();
  }
  return result;
}

void SocketStream::reset_on_close() noexcept {
  const linger now{1, 0};
  setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

std::unique_ptr<TlsSealer> SocketStream::hand_over_sealing(const TlsKeys& keys) noexcept {
  return KernelSealer::begin(*this, fd_.get(), keys);
}

void SocketStream::close() noexcept {
  LIMPET_ASSERT(!closing_, "a stream is closed once");
  closing_ = true;
  set_events(nullptr);
  fd_.reset();
  loop_.release_later(*this);
}

}  // namespace limpet::net
