// Fault: the rule that a reader found broken, as static text; empty when none is. Any thread.
#pragma once

#include <string_view>

namespace limpet::http {

using Fault = std::string_view;
inline constexpr Fault kNoFault{};

}  // namespace limpet::http
