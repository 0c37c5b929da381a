// Reading and removing one cookie of Cookie fields, and writing Set-Cookie (RFC 6265 4, 5.4). Pure. Any
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/head.h"

namespace limpet::http {

// The values of every cookie `name` (cookie names are case-sensitive), in order, quotes removed. A client may
// send several of one name (paths, domains): the first that verifies counts, which is the caller's business.
[[nodiscard]] std::vector<std::string_view> cookie_values(const Fields& fields, std::string_view name);

// The value of a Cookie field without any pair called `name`; none when nothing is left.
[[nodiscard]] std::optional<std::string> without_cookie(std::string_view field_value, std::string_view name);
// The same, appended to `out`; false, and nothing appended, when nothing is left.
[[nodiscard]] bool append_without_cookie(std::string& out, std::string_view field_value,
                                         std::string_view name);
[[nodiscard]] bool has_cookie(std::string_view field_value, std::string_view name) noexcept;

struct SetCookie {
  std::string_view name{};
  std::string_view value{};
  std::string_view path{};
  std::string_view domain{};     // empty = host-only
  std::string_view same_site{};  // "Lax", "Strict", "None"
  bool secure = false;
  bool http_only = true;
  std::optional<std::int64_t> max_age_s{};
};
[[nodiscard]] std::string to_field_value(const SetCookie& cookie);

}  // namespace limpet::http
