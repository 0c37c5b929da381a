// The token of the admin endpoint (RFC 6750 2.1): the file that holds it, for the server and for the commands
// that ask it alike. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace limpet::settings {

inline constexpr std::size_t kShortestToken = 16;
inline constexpr std::size_t kLongestToken = 1024;

// A b64token that is long enough not to be guessed: letters, digits and -._~+/ with '=' at the end alone.
[[nodiscard]] bool is_bearer_token(std::string_view text) noexcept;

// The first line without the white space around it. Fails, naming the file and the remedy, for a file that
// is missing, cannot be read, holds no token, or is open to everybody: others may have no access at all, the
// group may only read (a file of root that a service may read is 0640).
[[nodiscard]] Result<std::string> read_token_file(const std::string& path);

}  // namespace limpet::settings
