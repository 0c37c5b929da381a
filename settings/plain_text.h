// What counts as text in a configuration, in the file as in environment variables: UTF-8 without control
// characters. Anything else would not be shown, hashed or printed as it was read. Pure. Any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace limpet::settings {

enum class Layout { OneLine, Lines };  // Lines: line breaks and tabs are text too

// The offset of the first byte that is not text.
[[nodiscard]] std::optional<std::size_t> find_non_text(std::string_view text, Layout layout);

}  // namespace limpet::settings
