#include "net/fd_passing.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/assert.h"

namespace limpet::net {

namespace {

constexpr std::size_t kControlBytes = CMSG_SPACE(sizeof(int) * kMaxMessageDescriptors);

struct alignas(cmsghdr) Control {
  std::array<char, kControlBytes> bytes{};
};

// Owned at once, so that none is lost whatever is wrong with the message.
std::vector<Fd> take_descriptors(msghdr& message) {
  std::vector<Fd> taken;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
      taken.emplace_back(number);
    }
  }
  return taken;
}

}  // namespace

Result<std::pair<Fd, Fd>> message_pair() {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return system_error(errno, Side::Self, "cannot make a pair of sockets");
  }
  return std::pair(Fd(ends[0]), Fd(ends[1]));
}

Result<bool> send_message(const Fd& socket, std::string_view bytes, std::span<const int> descriptors) {
  LIMPET_ASSERT(
      !bytes.empty() && bytes.size() <= kMaxMessageBytes && descriptors.size() <= kMaxMessageDescriptors,
      "a message between processes is bounded");
  // iovec has no place for const; nothing is written there.
  std::string copy(bytes);
  iovec piece{.iov_base = copy.data(), .iov_len = copy.size()};
  Control control;
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control.bytes.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  }
  for (;;) {
    if (::sendmsg(socket.get(), &message, MSG_NOSIGNAL) >= 0) {
      return true;
    }
    if (errno == EAGAIN || errno == ENOBUFS) {
      return false;
    }
    if (errno != EINTR) {
      return system_error(errno, Side::Self, "telling the other process");
    }
  }
}

Result<std::optional<PassedMessage>> receive_message(const Fd& socket) {
  PassedMessage passed;
  passed.bytes.resize(kMaxMessageBytes);
  iovec piece{.iov_base = passed.bytes.data(), .iov_len = passed.bytes.size()};
  Control control;
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  ssize_t got = -1;
  do {
    got = ::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC);
    // A reset, said once, means that the other side has closed without reading everything; what it had said
    // before is still to be read.
  } while (got < 0 && (errno == EINTR || errno == ECONNRESET));
  if (got < 0) {
    const bool is_nothing_yet = errno == EAGAIN;
    Error error = system_error(errno, Side::Self, "hearing the other process");
    error.code = is_nothing_yet ? ErrorCode::Unavailable : error.code;
    return error;
  }
  passed.descriptors = take_descriptors(message);
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    return Error{ErrorCode::TooLarge, Side::Self, "the other process said more than it may at once"};
  }
  // No message is empty: this is the end.
  if (got == 0) {
    return std::optional<PassedMessage>();
  }
  passed.bytes.resize(static_cast<std::size_t>(got));
  return std::optional(std::move(passed));
}

}  // namespace limpet::net
