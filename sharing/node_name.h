// What a process of limpet calls itself among others: 16 hex digits by chance. Pure. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace limpet::sharing {

[[nodiscard]] std::string make_node_name(std::uint64_t random);
[[nodiscard]] bool is_node_name(std::string_view text) noexcept;

}  // namespace limpet::sharing
