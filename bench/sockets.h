// Sockets for the bench programs: the few calls that all of them need. Loopback
// only.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string_view>

#include "base/address.h"
#include "base/result.h"
#include "net/fd.h"

namespace limpet::bench {

using net::Fd;

// "127.0.0.1:PORT". Refuses every address off the loopback: these tools are never to load another machine.
[[nodiscard]] Result<SocketAddress> parse_loopback(std::string_view text);

// Non-blocking, on 127.0.0.1; port 0 takes a free one.
[[nodiscard]] Result<Fd> listen_on_loopback(std::uint16_t port);
[[nodiscard]] Result<std::uint16_t> local_port(const Fd& socket);

// A non-blocking connection, with TCP_NODELAY as its listener has it, or a closed Fd when none is waiting.
[[nodiscard]] Fd accept_from(const Fd& listener) noexcept;

// A blocking connection with TCP_NODELAY; every wait on it is bounded. `source` of 0 leaves the local address
// to the kernel, N binds to 127.0.0.N: one address has ports for about 28,000 connections to one target.
[[nodiscard]] Result<Fd> connect_from(std::uint8_t source, const SocketAddress& target);
// The same without waiting: the connection may still be on its way when this returns.
[[nodiscard]] Result<Fd> start_connect(const SocketAddress& target);

// Lifts the soft descriptor limit to the hard one.
void raise_descriptor_limit() noexcept;

// Says on standard error why the program cannot go on, and ends it with 1.
[[noreturn]] void fatal(std::string_view why);

}  // namespace limpet::bench
