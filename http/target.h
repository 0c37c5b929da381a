// Request targets and Host values (RFC 9112 3.2, RFC 3986 3.2). Pure. Any thread.
#pragma once

#include <string_view>

#include "http/fault.h"

namespace limpet::http {

// host [":" port] of RFC 3986: a registered name, an IPv4 address or an IPv6 address in brackets; not empty.
[[nodiscard]] bool is_valid_host(std::string_view text) noexcept;

struct Target {
  Fault fault;                // the rest is valid when this is empty
  std::string_view target{};  // origin-form, or "*"
  std::string_view path{};
  std::string_view query{};
};
// Takes origin-form, "*" of OPTIONS, and absolute-form whose authority equals `host` (without regard to
// case), which is cut down to its origin-form. `raw` has target characters only.
[[nodiscard]] Target read_target(std::string_view method, std::string_view raw,
                                 std::string_view host) noexcept;

}  // namespace limpet::http
