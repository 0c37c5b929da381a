// What a message says about a key that does not exist. Pure. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace limpet::settings {

// "unknown key; did you mean "weight"?" when one of `known` is near, else "unknown key; known here: a, b, c".
[[nodiscard]] std::string unknown_key_message(std::string_view key, const std::vector<std::string>& known);

}  // namespace limpet::settings
