// Messages between two processes of limpet on this machine, with descriptors in them: a pair of Unix sockets
// that keeps messages apart (SOCK_SEQPACKET) and passes descriptors (SCM_RIGHTS, unix(7)). Any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/fd.h"

namespace limpet::net {

// Fits into the smallest send buffer that systems come with.
inline constexpr std::size_t kMaxMessageBytes = 96 * 1024;
// The kernel takes 253.
inline constexpr std::size_t kMaxMessageDescriptors = 128;

struct PassedMessage {
  std::string bytes;
  std::vector<Fd> descriptors;
};

// Both ends are closed in children; neither is blocking or not by itself.
[[nodiscard]] Result<std::pair<Fd, Fd>> message_pair();

// True: it was taken. False: there is no room for it now (only where the socket does not block). Requires a
// message within the bounds.
[[nodiscard]] Result<bool> send_message(const Fd& socket, std::string_view bytes,
                                        std::span<const int> descriptors = {});

// None: the other side has closed. Unavailable: nothing has come, now or within the socket's SO_RCVTIMEO.
// What comes with a message is closed in children; a message beyond the bounds is an error.
[[nodiscard]] Result<std::optional<PassedMessage>> receive_message(const Fd& socket);

}  // namespace limpet::net
