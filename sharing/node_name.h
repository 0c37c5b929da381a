// What a process of limpet calls itself among others: 16 hex digits by chance. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace limpet::sharing {

[[nodiscard]] std::string make_node_name();
[[nodiscard]] bool is_node_name(std::string_view text) noexcept;

}  // namespace limpet::sharing
