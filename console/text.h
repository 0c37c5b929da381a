// Text for a terminal. Widths are in characters: one is taken for one column. Pure. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace limpet::console {

// Names, keys and reasons come from the network, and a terminal obeys what is in them: control characters,
// marks that turn the direction of writing and bytes that are not UTF-8 become \x1b, \u202e, \xff.
[[nodiscard]] std::string printable(std::string_view text);

[[nodiscard]] std::size_t width_of(std::string_view text) noexcept;
// At most `width` characters; what is cut ends with a dot for a sign of it.
[[nodiscard]] std::string clipped(std::string_view text, std::size_t width);
// At least `width` characters, with spaces behind or before it.
[[nodiscard]] std::string padded(std::string text, std::size_t width);
[[nodiscard]] std::string padded_left(std::string_view text, std::size_t width);

using Row = std::vector<std::string>;
// Columns as wide as their widest cell, a line a row.
[[nodiscard]] std::string align(const std::vector<Row>& rows);

}  // namespace limpet::console
