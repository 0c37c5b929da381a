// What keeps a Redis from serving: one table of the words for logs, metrics and status, and one of the error
// answers that limpet knows. Pure. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sharing/resp_reader.h"

namespace limpet::sharing {

enum class RedisFault : std::uint8_t {
  Refused,      // nobody listens, or there is no way there
  Unresolved,   // its name has no address
  Timeout,      // it did not answer in time
  Auth,         // it wants another user or password, or the user may not do that
  Protocol,     // what it answers is not what a Redis says
  Closed,       // the connection ended
  Tls,          // no TLS came about
  ReadOnly,     // it is a replica, or takes no writes
  Loading,      // it is not ready yet
  OutOfMemory,  // it takes no writes for want of memory
  Moved,        // another node of a cluster has the keys
  NoMaster,     // no Sentinel knows a master, or nobody serves the keys
  kCount,
};

inline constexpr std::size_t kRedisFaultCount = static_cast<std::size_t>(RedisFault::kCount);

// One word for metrics and logs: "no_master".
[[nodiscard]] std::string_view word(RedisFault fault) noexcept;
// One line for a person.
[[nodiscard]] std::string_view phrase(RedisFault fault) noexcept;

struct RedisFailure {
  RedisFault fault = RedisFault::Closed;
  std::string detail;  // a short sentence without a full stop
};

// What an error answer makes of the connection.
enum class RedisRemedy : std::uint8_t {
  Stay,    // the command has failed, the next may do: out of memory, a slot on its way to another node
  Return,  // connect anew; there may be another master by then
  Follow,  // connect to the node that the answer names: MOVED slot host:port
};

struct KnownError {
  RedisFault fault;
  RedisRemedy remedy;
};

// None for answers that are no errors, and for errors of the command itself (ERR, WRONGTYPE, NOSCRIPT).
[[nodiscard]] std::optional<KnownError> known_error(const Reply& reply) noexcept;

}  // namespace limpet::sharing
