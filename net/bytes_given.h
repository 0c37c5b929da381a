// How many bytes a TCP connection was given to send. Any thread.
#pragma once

#include <cstdint>
#include <optional>

namespace limpet::net {

// Bytes that the peer has acknowledged and those in the socket's queue, since the connection began; what is
// told differs by a constant of the connection. None when acknowledgements come in between all the time, from
// other processors, and of what is no TCP. Some system calls.
[[nodiscard]] std::optional<std::uint64_t> bytes_given(int fd) noexcept;

}  // namespace limpet::net
