#include "net/socket_stream.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

#include "base/assert.h"

namespace limpet::net {

namespace {

// libuv watches nothing at all for an empty mask, not even a reset. Urgent data is the one thing no peer of
// ours sends, so a stream that is neither read nor written is watched for that alone and still hears of
// EPOLLERR and EPOLLHUP.
constexpr std::uint8_t kCutsOnly = UV_PRIORITIZED;

IoResult result_of(ssize_t moved) noexcept {
  if (moved > 0) {
    return {IoStatus::Done, static_cast<std::size_t>(moved), 0};
  }
  if (moved == 0) {
    return {IoStatus::End, 0, 0};
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
    return {IoStatus::WouldBlock, 0, 0};
  }
  return {IoStatus::Broken, 0, errno};
}

}  // namespace

Result<StreamPtr> SocketStream::adopt(UvLoop& loop, Fd fd) {
  const int native = fd.get();
  SocketStream* const stream = loop.streams().make(std::move(fd));
  const int failed = uv_poll_init_socket(loop.native(), &stream->poll_, native);
  if (failed != 0) {
    loop.streams().release(stream);
    return system_error(-failed, Side::Self, "watching a socket");
  }
  stream->poll_.data = stream;
  return StreamPtr(stream);
}

void SocketStream::watch(bool readable, bool writable) noexcept {
  const auto wanted = static_cast<std::uint8_t>((readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0));
  wanted_ = wanted == 0 ? kCutsOnly : wanted;
  rearm();
}

void SocketStream::rearm() noexcept {
  if (wanted_ == armed_ || closing_) {
    return;
  }
  armed_ = wanted_;
  uv_poll_start(&poll_, armed_, &SocketStream::on_poll);
}

void SocketStream::on_poll(uv_poll_t* poll, int status, int ready) {
  auto* const stream = static_cast<SocketStream*>(poll->data);
  if (status < 0) {
    // libuv has stopped the handle. The next read or write tells what is wrong, data that came before it
    // included.
    stream->armed_ = 0;
    ready = stream->wanted_;
  }
  if (status == 0 && stream->wanted_ == kCutsOnly && stream->take_socket_error() == 0) {
    // Both directions have ended in good order (or the peer sent urgent data): what is unread waits for its
    // reader, and the event stays ready, so nothing is polled until somebody wants to read or write again.
    uv_poll_stop(poll);
    return;
  }
  stream->report(ready);
  if (!stream->closing_) {
    stream->rearm();
  }
}

void SocketStream::report(int ready) {
  if (events() == nullptr) {
    return;
  }
  if ((ready & UV_READABLE) != 0) {
    events()->on_readable(*this);
  }
  // The first call may have ended the stream, or may have lost interest.
  if ((ready & UV_WRITABLE) != 0 && !closing_ && (wanted_ & UV_WRITABLE) != 0 && events() != nullptr) {
    events()->on_writable(*this);
  }
  if ((ready & UV_PRIORITIZED) != 0 && !closing_ && events() != nullptr) {
    events()->on_broken(*this);
  }
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
  return error;
}

void SocketStream::shutdown_write() noexcept {
  ::shutdown(fd_.get(), SHUT_WR);
}

void SocketStream::reset_on_close() noexcept {
  const linger now{1, 0};
  setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

void SocketStream::close() noexcept {
  LIMPET_ASSERT(!closing_, "a stream is closed once");
  closing_ = true;
  set_events(nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), [](uv_handle_t* handle) {
    auto* const stream = static_cast<SocketStream*>(handle->data);
    stream->uv_loop().streams().release(stream);
  });
  fd_.reset();
}

}  // namespace limpet::net
