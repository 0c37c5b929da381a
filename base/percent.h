// Percent encoding (RFC 3986 2.1). Pure. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace limpet {

// None when a percent sign is not followed by two hex digits.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);
// Everything but the unreserved characters.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace limpet
