// What the Connection fields of a message ask for (RFC 9110 7.6.1). Pure. Any thread.
#pragma once

#include <optional>

#include "http/fault.h"
#include "http/head.h"

namespace limpet::http {

struct ConnectionOptions {
  Fault fault;  // the rest is valid when this is empty
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;
  bool others = false;  // it names something else: fields that go no further
};
// Refuses a list so long that looking for every field in it would cost more than reading the head did.
[[nodiscard]] ConnectionOptions read_connection_options(const Fields& fields) noexcept;

// Whether the connection may be used again after the message (RFC 9112 9.3).
[[nodiscard]] bool is_persistent(const ConnectionOptions& options, Version version) noexcept;

// The timeout of a Keep-Alive field ("timeout=5, max=100"), when it has one of up to nine digits.
[[nodiscard]] std::optional<std::uint32_t> keep_alive_timeout_s(const Fields& fields) noexcept;

}  // namespace limpet::http
